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
 * Every object of a payload: the file that the record names, and where that is a list of files, what lies in their folder, whoever put it there. The one that the
 * record names comes first: without it nobody believes in the others.
 */
export async function* payloadObjects(
  store: Store,
  name: string,
  file: string,
  signal?: AbortSignal,
): AsyncGenerator<StorePath> {
  yield payloadPath(name, file);
  if (!isFileList(file)) return;
  for await (const { path } of store.list(`${filesFolder(name, file)}/`, { signal })) yield path;
}

/** Remove a payload that no record names any more. */
export async function removePayload(store: Store, name: string, file: string): Promise<void> {
  for await (const path of payloadObjects(store, name, file)) await store.remove(path);
  await removeFilesFolder(store, name, file);
}

/** Where there are folders, what is left of one when its files are gone. */
export async function removeFilesFolder(store: Store, name: string, file: string): Promise<void> {
  if (isFileList(file)) await store.removeFolder?.(filesFolder(name, file));
}
