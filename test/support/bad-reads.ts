import type { Store } from "../../src/entry/index.ts";
import type { SyncStore } from "../../src/store/store.ts";
import { override } from "./override-store.ts";

/** A store in which one read returns a wrong bit. */
export interface BadReads {
  readonly store: Store;
  /** The number of reads that have returned bytes so far. */
  readonly count: number;
}

/**
 * The same store, where the read of this number (from 0) comes back with one bit changed. What is
 * stored is as it was. With its synchronous door, where it has one.
 *
 * @param where - of the bytes that are read: from 0, the first bit, to 1, the last one
 */
export function withBadRead(store: Store, number: number, where: number): BadReads {
  let count = 0;
  const spoil = <Bytes>(bytes: Bytes): Bytes => {
    if (!(bytes instanceof Uint8Array) || bytes.length === 0 || count++ !== number) return bytes;
    const bit = Math.min(bytes.length * 8 - 1, Math.floor(where * bytes.length * 8));
    const spoiled = Buffer.from(bytes);
    spoiled[bit >> 3] = (spoiled[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return spoiled as unknown as Bytes;
  };
  const { sync, prepare, watch, localPath, removeFolder } = store;
  const door: SyncStore | undefined = sync && {
    readShared: (...args) => spoil(sync.readShared(...args)),
    ...(sync.exists === undefined ? {} : { exists: (path) => sync.exists?.(path) ?? false }),
    get createIfAbsent() {
      return sync.createIfAbsent;
    },
  };
  return {
    store: override(store, {
      read: async (...args) => spoil(await store.read(...args)),
      ...(door === undefined ? {} : { sync: door }),
      ...(prepare === undefined ? {} : { prepare: prepare.bind(store) }),
      ...(watch === undefined ? {} : { watch: watch.bind(store) }),
      ...(localPath === undefined ? {} : { localPath: localPath.bind(store) }),
      ...(removeFolder === undefined ? {} : { removeFolder: removeFolder.bind(store) }),
    }),
    get count() {
      return count;
    },
  };
}
