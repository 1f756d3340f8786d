import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import { StoreError } from "../errors/store-errors.ts";
import { ClassCodecError } from "../errors/user-code-errors.ts";
import { isRecord, parseRecord } from "../record/parse-record.ts";
import { type ArtifactRecord, MAX_RECORD_BYTES } from "../record/record.ts";
import type { ReadableStore, StorePath } from "../store/store.ts";
import type { ClassCodec } from "../util/class-codec.ts";

const CONCURRENT_READS = 32;

/**
 * Reads some records of one name, in no particular order. Records that cannot be read are left out.
 *
 * @throws a StoreError where the store cannot be listed
 */
export async function readRecords(
  store: ReadableStore,
  name: string,
  classes: readonly ClassCodec[],
  options: { readonly maxRecords: number; readonly signal?: AbortSignal | undefined },
): Promise<ArtifactRecord[]> {
  const { maxRecords, signal } = options;
  const records: ArtifactRecord[] = [];
  let batch: StorePath[] = [];
  const readBatch = async (): Promise<void> => {
    const read = await Promise.all(batch.map((path) => tryRead(store, path, name, classes, signal)));
    batch = [];
    for (const record of read) if (record !== undefined && records.length < maxRecords) records.push(record);
  };
  for await (const { path } of store.list(`${artifactFolder(name)}/`, { signal })) {
    if (addressOfRecordPath(path) === undefined) continue;
    batch.push(path);
    if (batch.length >= Math.min(CONCURRENT_READS, maxRecords - records.length)) await readBatch();
    if (records.length >= maxRecords) return records;
  }
  await readBatch();
  return records;
}

/**
 * Parses a record to compare it; returns `undefined` if it is damaged or belongs to another name.
 * If a codec cannot decode an instance, the instance stays encoded: equal ones still compare as
 * equal, and the failure does not stop the generation.
 */
export function parseForComparison(
  bytes: Uint8Array,
  path: StorePath,
  name: string,
  classes: readonly ClassCodec[],
): ArtifactRecord | undefined {
  try {
    const record = parseRecord(bytes, path, classes);
    // Without tampering, no other name has its records in this folder.
    return isRecord(record) && record.name === name ? record : undefined;
  } catch (error) {
    if (error instanceof ClassCodecError) return parseForComparison(bytes, path, name, []);
    // A newer release's record is reported when a caller loads it.
    if (error instanceof NewerRecordError) return undefined;
    throw error;
  }
}

/** Leaves out a record that cannot be read: a failed comparison must not stop a generation. */
async function tryRead(
  store: ReadableStore,
  path: StorePath,
  name: string,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<ArtifactRecord | undefined> {
  try {
    // The bytes are parsed before the next read, which uses the same memory again.
    const found = store.sync?.readShared(path, MAX_RECORD_BYTES);
    const bytes = found instanceof Uint8Array ? found : await readRecordBytes(store, path, { signal });
    return bytes === undefined ? undefined : parseForComparison(bytes, path, name, classes);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
