import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { peekRecord } from "../record/peek-record.ts";
import { folderNames } from "../store/folder-names.ts";
import { INTERNAL_FOLDER } from "../store/internal-folder.ts";
import { openStore } from "../store/open/open-store.ts";
import type { ReadableStore, StoreCallOptions, StorePath } from "../store/store.ts";
import { isStorePath, storePath } from "../store/store-path.ts";
import { safeName } from "../util/safe-name.ts";

/**
 * The names of everything that has an artifact in a data directory, in no particular order. A
 * folder whose name is that of its artifacts may be empty.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 * @throws a StoreError where the store cannot be listed; the signal's reason
 *
 * @example
 * ```ts
 * for await (const name of listNames("example-data")) console.log(name);
 * ```
 */
export async function* listNames(
  dataDir: string | URL | ReadableStore,
  options: StoreCallOptions = {},
): AsyncGenerator<string> {
  const store = typeof dataDir === "string" || dataDir instanceof URL ? openStore(dataDir) : dataDir;
  const { folders } = await folderNames(store, "", options);
  for (const folder of folders) {
    if (folder === INTERNAL_FOLDER || !isStorePath(folder)) continue;
    const name = isOwnName(folder) ? folder : await nameInside(store, folder, options);
    if (name !== undefined) yield name;
  }
}

/** Whether a folder has the very name of what is in it. */
function isOwnName(folder: string): boolean {
  return safeName(folder) === folder;
}

/** Other names are shortened and hashed: the records know them. */
async function nameInside(
  store: ReadableStore,
  folder: StorePath,
  options: StoreCallOptions,
): Promise<string | undefined> {
  const { objects } = await folderNames(store, folder, options);
  for (const object of objects) {
    if (addressOfRecordPath(object) === undefined) continue;
    const bytes = await readRecordBytes(store, storePath(folder, object), options);
    const name = bytes === undefined ? undefined : peekRecord(bytes)?.name;
    if (name !== undefined && safeName(name) === folder) return name;
  }
  return undefined;
}
