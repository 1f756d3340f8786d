import { statSync } from "node:fs";
import type { Address } from "../../address/address.ts";
import { addressOfFailurePath, addressOfRecordPath } from "../../artifact/layout/artifact-paths.ts";
import { artifactFolder } from "../../artifact/layout/record-path.ts";
import { folderNames } from "../../store/folder-names.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import type { FileStamp } from "../columns/entry-columns.ts";

/** The records and the notes of failures of one name. */
export interface NameFiles {
  readonly records: ReadonlyMap<Address, FileStamp>;
  readonly failures: ReadonlyMap<Address, FileStamp>;
}

/** The clocks of file systems tick a few times in a hundredth of a second, some only every 2 s. */
const SETTLED_MS = 2500;

/**
 * The time of the last change in the folder of a name, where that is known: no file was added,
 * replaced or removed while it stays the same. `undefined` for a store that is not on this machine,
 * and for a change of the last seconds, since another one may follow that has the same time.
 */
export function settledChangeMs(store: ReadableStore, name: string): number | undefined {
  if (store.localPath === undefined) return undefined;
  const changedMs = stampOf(store, artifactFolder(name))?.modifiedMs;
  return changedMs !== undefined && changedMs < Date.now() - SETTLED_MS ? changedMs : undefined;
}

/**
 * Lists what there is of a name.
 *
 * @throws a StoreError where the store cannot be listed; the signal's reason
 */
export async function listFiles(
  store: ReadableStore,
  name: string,
  signal: AbortSignal | undefined,
): Promise<NameFiles> {
  const records = new Map<Address, FileStamp>();
  const failures = new Map<Address, FileStamp>();
  for await (const { file, stamp } of stampedFiles(store, name, signal)) {
    const record = addressOfRecordPath(file);
    const failure = addressOfFailurePath(file);
    if (record !== undefined) records.set(record, stamp);
    else if (failure !== undefined) failures.set(failure, stamp);
  }
  // A note of a failure may outlive the success that followed.
  for (const address of records.keys()) failures.delete(address);
  return { records, failures };
}

interface StampedFile {
  readonly file: string;
  readonly stamp: FileStamp;
}

/** Only the files that end as records do are asked for their times. */
async function* stampedFiles(
  store: ReadableStore,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StampedFile> {
  const folder = artifactFolder(name);
  if (store.localPath === undefined) {
    for await (const { path, sizeBytes, modifiedMs } of store.list(`${folder}/`, { signal })) {
      const file = path.slice(folder.length + 1);
      if (!file.includes("/")) yield { file, stamp: { sizeBytes, modifiedMs } };
    }
    return;
  }
  const root = store.localPath(folder);
  const pauseTimer = new PauseTimer(signal);
  const { objects } = await folderNames(store, folder, { signal });
  for (const file of objects) {
    if (!file.endsWith(".json")) continue;
    if (pauseTimer.isDue()) await pauseTimer.pause();
    const stamp = statOf(`${root}/${file}`);
    if (stamp !== undefined) yield { file, stamp };
  }
}

/** The size and the time of an object of a store on this machine, where they are known. */
export function stampOf(store: ReadableStore, path: StorePath): FileStamp | undefined {
  return store.localPath === undefined ? undefined : statOf(store.localPath(path));
}

/** `undefined` where it was removed meanwhile; one that cannot be looked at has no time. */
function statOf(path: string): FileStamp | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && { sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
  } catch {
    return { sizeBytes: 0, modifiedMs: 0 };
  }
}
