import type { FileStore } from "../store/folder/file-store.ts";
import type { Store, StoreEntry } from "../store/store.ts";

/**
 * Lists the unfinished writes in a folder whose processes have ended. A store that is not a folder
 * has none.
 */
export async function listLitter(store: Store): Promise<readonly StoreEntry[]> {
  return isFolder(store) ? store.listLitter() : [];
}

/** Removes what {@link listLitter} finds now. */
export async function removeLitter(store: Store): Promise<void> {
  if (isFolder(store)) await store.removeLitter();
}

function isFolder(store: Store): store is FileStore {
  return "listLitter" in store;
}
