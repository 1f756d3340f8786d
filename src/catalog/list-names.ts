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
 * Lists the names that have artifacts in a data directory, in no particular order. The folder of a
 * listed name may be empty.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 * @throws a StoreError where the store cannot be listed; the signal's reason
 *
 * @example
 * ```ts
 * import { listNames } from "persistable-ts/catalog";
 *
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

/** Whether the name of a folder is the unchanged name of its artifacts. */
function isOwnName(folder: string): boolean {
  return safeName(folder) === folder;
}

/**
 * Reads the name of a folder's artifacts from one of the records. The folder itself only has a
 * shortened and hashed form of a name that is not safe as a file name.
 */
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
