import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";

/** Opens a folder in a process of its own. */
export function openStore(place: string): Store {
  return fileStore(place, { durable: false });
}
