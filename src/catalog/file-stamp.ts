import { statSync } from "node:fs";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import type { ReadableStore, StorePath } from "../store/store.ts";

/** The size and the time of a record; another record of the same address has another one. */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The clocks of file systems tick a few times in a hundredth of a second, some only every 2 s. */
const SETTLED_MS = 2500;

/**
 * The time of the last change in the folder of a name, where that is known: no file was added,
 * replaced or removed while it stays the same. `undefined` for a store that is not on this machine,
 * and for a change of the last seconds, since another one may follow that has the same time.
 */
export function settledChangeMs(store: ReadableStore, name: string): number | undefined {
  const changedMs = changeMs(store, name);
  return changedMs !== undefined && changedMs < Date.now() - SETTLED_MS ? changedMs : undefined;
}

/** The time of the last change, also of one that another may follow within the same tick. */
export function changeMs(store: ReadableStore, name: string): number | undefined {
  return stampOf(store, artifactFolder(name))?.modifiedMs;
}

/** The size and the time of an object of a store on this machine, where they are known. */
export function stampOf(store: ReadableStore, path: StorePath): FileStamp | undefined {
  return store.localPath === undefined ? undefined : statOf(store.localPath(path));
}

/** `undefined` where it was removed meanwhile; one that cannot be looked at has no time. */
export function statOf(path: string): FileStamp | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && { sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
  } catch {
    return { sizeBytes: 0, modifiedMs: 0 };
  }
}
