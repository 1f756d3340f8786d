import { ObjectExistsError } from "../errors/store-errors.ts";
import type { Store, StorePath } from "../store/store.ts";
import { storePath } from "../store/store-path.ts";
import { safeName } from "../util/safe-name.ts";
import { payloadPath } from "./artifact-paths.ts";

/** What the file name of a list of files ends in; the files lie in the folder of that name without `.json`. */
export const FILES_EXTENSION = ".files.json";

/** Whether a payload file is a list of files. */
export function isFileList(file: string): boolean {
  return file.endsWith(FILES_EXTENSION);
}

/** The folder beside its record that holds the files of a payload. */
export function filesFolder(name: string, file: string): StorePath {
  return storePath(safeName(name), file.slice(0, -".json".length));
}

/**
 * Remove a payload that no record names any more. The file that the record named goes first: without
 * it nobody believes in the others. A folder loses its name in one step where the store can do that,
 * since its path may be in the hands of a reader, who must not see a part of it.
 */
export async function removePayload(store: Store, name: string, file: string): Promise<void> {
  await store.remove(payloadPath(name, file));
  if (isFileList(file)) await removeFilesFolder(store, name, file);
}

/** The files of a list, and whatever else lies in their folder. */
export async function removeFilesFolder(store: Store, name: string, file: string): Promise<void> {
  const folder = filesFolder(name, file);
  if (store.removeTree !== undefined) {
    await store.removeTree(folder);
    return;
  }
  for await (const { path } of store.list(`${folder}/`)) await store.remove(path);
  await store.removeFolder?.(folder);
}

/**
 * Move a damaged payload to where `asideOf` says, in the same order and way as it would be removed. A
 * link in the place of its folder, or in it, is itself moved, and not followed.
 */
export async function movePayloadAside(
  store: Store,
  name: string,
  file: string,
  asideOf: (file: string) => StorePath,
): Promise<void> {
  await moveOrRemove(store, payloadPath(name, file), asideOf(file));
  if (!isFileList(file)) return;
  const folder = filesFolder(name, file);
  if (store.moveFolder !== undefined && store.removeTree !== undefined) {
    if (!(await moveFolderIfFree(store, folder, asideOf(file.slice(0, -".json".length)))))
      await store.removeTree(folder);
    return;
  }
  const start = folder.lastIndexOf("/") + 1;
  for await (const { path } of store.list(`${folder}/`)) await moveOrRemove(store, path, asideOf(path.slice(start)));
  await store.removeFolder?.(folder);
}

/** The same damage is kept once. Left in its place, it would hide what another layer of the store has. */
async function moveOrRemove(store: Store, from: StorePath, to: StorePath): Promise<void> {
  if ((await store.stat(to)) === undefined) await store.move(from, to);
  else await store.remove(from);
}

/** `false` where there is something of that name already. */
async function moveFolderIfFree(store: Store, from: StorePath, to: StorePath): Promise<boolean> {
  try {
    await store.moveFolder?.(from, to);
    return true;
  } catch (error) {
    if (error instanceof ObjectExistsError) return false;
    throw error;
  }
}
