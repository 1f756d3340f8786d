import type { Address } from "../../address/address.ts";
import { addressOfFailurePath, addressOfRecordPath, failurePath } from "../../artifact/layout/artifact-paths.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { folderNames } from "../../store/folder-names.ts";
import type { ReadableStore } from "../../store/store.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { type FileStamp, stampOf, statOf } from "../file-stamp.ts";

/** A batch is small enough that what it takes is freed soon. */
const BATCH = 1000;

/** A record, or the note of a failure. */
export interface FoundFile {
  readonly address: Address;
  readonly kind: "record" | "failure";
  readonly stamp: FileStamp;
}

/** The files of a name, in batches: a million of them would fill the memory. */
export interface ListedFiles {
  /** There are at most this many. */
  readonly count: number;
  readonly batches: AsyncIterable<readonly FoundFile[]> | Iterable<readonly FoundFile[]>;
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
): Promise<ListedFiles> {
  const folder = artifactFolder(name);
  if (store.localPath !== undefined) {
    const { objects } = await folderNames(store, folder, { signal });
    return { count: objects.length, batches: stampedBatches(objects, store.localPath(folder), signal) };
  }
  const files: FoundFile[] = [];
  for await (const { path, sizeBytes, modifiedMs } of store.list(`${folder}/`, { signal })) {
    const file = path.slice(folder.length + 1);
    const identity = identityOf(file);
    if (identity !== undefined) files.push({ ...identity, stamp: { sizeBytes, modifiedMs } });
  }
  return { count: files.length, batches: [files] };
}

/** Finds the files of some artifacts of a store on this machine: of each the record goes first. */
export function lookAtFiles(store: ReadableStore, name: string, addresses: ReadonlySet<Address>): FoundFile[] {
  return [...addresses].flatMap((address): FoundFile[] => {
    const record = stampOf(store, recordPath(name, address));
    if (record !== undefined) return [{ address, kind: "record", stamp: record }];
    const failure = stampOf(store, failurePath(name, address));
    return failure === undefined ? [] : [{ address, kind: "failure", stamp: failure }];
  });
}

/** Says of which artifact a file is the record or the note of a failure. */
export function identityOf(file: string): Pick<FoundFile, "address" | "kind"> | undefined {
  const record = file.includes("/") ? undefined : addressOfRecordPath(file);
  if (record !== undefined) return { address: record, kind: "record" };
  const failure = file.includes("/") ? undefined : addressOfFailurePath(file);
  return failure && { address: failure, kind: "failure" };
}

/** Only files of artifacts are asked for their times. */
async function* stampedBatches(
  names: readonly string[],
  root: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly FoundFile[]> {
  const pauseTimer = new PauseTimer(signal);
  let batch: FoundFile[] = [];
  for (const name of names) {
    const identity = identityOf(name);
    if (identity === undefined) continue;
    if (pauseTimer.isDue()) await pauseTimer.pause();
    const stamp = statOf(`${root}/${name}`);
    if (stamp !== undefined) batch.push({ address: identity.address, kind: identity.kind, stamp });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
