import type { Address } from "../../address/address.ts";
import { addressOfFailurePath, addressOfRecordPath, failurePath } from "../../artifact/layout/artifact-paths.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { folderNames } from "../../store/folder-names.ts";
import type { ReadableStore } from "../../store/store.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { type FileStamp, stampOf, statOf } from "../file-stamp.ts";

/** The records and the notes of failures of one name. */
export interface NameFiles {
  readonly records: ReadonlyMap<Address, FileStamp>;
  readonly failures: ReadonlyMap<Address, FileStamp>;
}

/**
 * Lists the records of a name, and its notes of failures.
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
    const failure = record === undefined ? addressOfFailurePath(file) : undefined;
    if (record !== undefined) records.set(record, stamp);
    else if (failure !== undefined) failures.set(failure, stamp);
  }
  // A note of a failure may outlive the success that followed.
  for (const address of records.keys()) failures.delete(address);
  return { records, failures };
}

/** Does what {@link listFiles} does, for some artifacts of a store on this machine. */
export function lookAtFiles(store: ReadableStore, name: string, addresses: Iterable<Address>): NameFiles {
  const records = new Map<Address, FileStamp>();
  const failures = new Map<Address, FileStamp>();
  for (const address of addresses) {
    const record = stampOf(store, recordPath(name, address));
    const failure = record === undefined ? stampOf(store, failurePath(name, address)) : undefined;
    if (record !== undefined) records.set(address, record);
    else if (failure !== undefined) failures.set(address, failure);
  }
  return { records, failures };
}

interface StampedFile {
  readonly file: string;
  readonly stamp: FileStamp;
}

/** Only files with the ending of a record are asked for their times. */
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
