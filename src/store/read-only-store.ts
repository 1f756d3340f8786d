import type { StoreOperation } from "../errors/store-errors.ts";
import { ReadOnlyStoreError } from "../errors/store-errors.ts";
import type { ReadableStore, Store, SyncReads } from "./store.ts";
import { assertStorePath } from "./store-path.ts";

/**
 * Makes a store that can only be read. The source is a store without methods to write, such as an
 * archive behind HTTP, or a store that this program must not change. Artifacts that are there are
 * loaded; a miss rejects with {@link ReadOnlyStoreError} before the generator is called. It serves
 * as a `dataDir`, and as a layer of `layeredStore`.
 *
 * @example
 * ```ts
 * import { fileStore } from "persistable-ts";
 * import { readOnlyStore } from "persistable-ts/store";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const archive = readOnlyStore(fileStore("/mnt/archive"));
 * const points = await gaussianPoints({ n: 100 }, { dataDir: archive }).load();
 * ```
 */
export function readOnlyStore(source: ReadableStore): Store {
  const refuse = async (operation: StoreOperation, path: string): Promise<never> => {
    assertStorePath(path);
    throw new ReadOnlyStoreError({ operation, path: `${source.url}/${path}` });
  };
  return {
    ...readsOf(source),
    writeFresh: (path) => refuse("write", path),
    createIfAbsent: (path) => refuse("create", path),
    replace: (path) => refuse("replace", path),
    move: (path) => refuse("move", path),
    remove: (path) => refuse("remove", path),
  };
}

/**
 * Returns the reading half of a store. It leaves out `localPath`, since log files would be written
 * there, and `prepare`, which finds out by writing what a store can do.
 */
function readsOf(source: ReadableStore): ReadableStore {
  return {
    url: source.url,
    // The store creates nothing, so no two callers can both believe that they created an object.
    capabilities: { ...source.capabilities, exclusiveCreate: true, shared: true },
    read: source.read.bind(source),
    stat: source.stat.bind(source),
    list: source.list.bind(source),
    ...(source.listFolder === undefined ? {} : { listFolder: source.listFolder.bind(source) }),
    ...(source.watch === undefined ? {} : { watch: source.watch.bind(source) }),
    ...(source.sync === undefined ? {} : { sync: readsOfSync(source.sync) }),
  };
}

function readsOfSync(sync: SyncReads): SyncReads {
  return {
    readShared: sync.readShared.bind(sync),
    ...(sync.exists === undefined ? {} : { exists: sync.exists.bind(sync) }),
  };
}
