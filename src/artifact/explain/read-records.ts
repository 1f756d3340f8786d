import { NewerRecordError } from "../../errors/record-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { ClassCodecError } from "../../errors/user-code-errors.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import { type ArtifactRecord, MAX_RECORD_BYTES } from "../../record/record.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { addressOfRecordPath } from "../layout/artifact-paths.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { artifactFolder } from "../layout/record-path.ts";

const CONCURRENT_READS = 32;

/**
 * Records of one name, up to so many, in no particular order. Those that cannot be read are left out.
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

/** Instances that their codec cannot decode stay as they were encoded: equal ones still compare as equal, and what was asked for is still generated. */
function parseForComparison(
  bytes: Uint8Array,
  path: StorePath,
  classes: readonly ClassCodec[],
): ReturnType<typeof parseRecord> {
  try {
    return parseRecord(bytes, path, classes);
  } catch (error) {
    if (error instanceof ClassCodecError) return parseRecord(bytes, path, []);
    throw error;
  }
}

/** A record that cannot be read cannot be compared with; that is no reason not to generate what was asked for. */
async function tryRead(
  store: ReadableStore,
  path: StorePath,
  name: string,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<ArtifactRecord | undefined> {
  try {
    // Parsed before anybody else reads: what is read in this way lies in memory that is used again.
    const found = store.sync?.readShared(path, MAX_RECORD_BYTES);
    const bytes = found instanceof Uint8Array ? found : await readRecordBytes(store, path, { signal });
    const record = bytes === undefined ? undefined : parseForComparison(bytes, path, classes);
    // Two names may share a folder only by tampering.
    return record !== undefined && isRecord(record) && record.name === name ? record : undefined;
  } catch (error) {
    // A newer release's record is reported when somebody loads it.
    if (error instanceof StoreError || error instanceof NewerRecordError) return undefined;
    throw error;
  }
}
