import { statSync } from "node:fs";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import type { ReadableStore, StorePath } from "../store/store.ts";

/**
 * The size of a file and the time of its last change. They tell whether a record was replaced by
 * another one of the same address.
 */
export interface FileStamp {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/**
 * No later change can get the time of a change that is this old: file systems keep times to some
 * milliseconds, a few only to 2 s.
 */
const SETTLED_MS = 2500;

/**
 * Returns the time of the last change in the folder of a name. As long as it stays the same, no
 * file was added, replaced or removed. Returns `undefined` for a store that is not on this machine,
 * and for a change within the last seconds, since a later change may get the same time.
 */
export function settledChangeMs(store: ReadableStore, name: string): number | undefined {
  const changedMs = changeMs(store, name);
  return changedMs !== undefined && changedMs < Date.now() - SETTLED_MS ? changedMs : undefined;
}

/**
 * Returns the time of the last change in the folder of a name, even if a later change may get the
 * same time.
 */
export function changeMs(store: ReadableStore, name: string): number | undefined {
  return stampOf(store, artifactFolder(name))?.modifiedMs;
}

/**
 * Returns the stamp of an object; `undefined` if the object does not exist, or if its store is not
 * on this machine.
 */
export function stampOf(store: ReadableStore, path: StorePath): FileStamp | undefined {
  return store.localPath === undefined ? undefined : statOf(store.localPath(path));
}

/**
 * Returns the stamp of a file: `undefined` if the file does not exist, and zeros if the file system
 * does not show it.
 */
export function statOf(path: string): FileStamp | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && { sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
  } catch {
    return { sizeBytes: 0, modifiedMs: 0 };
  }
}
