import { addressOfRecordPath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { messageOf } from "../../errors/error-kind.ts";
import { NewerRecordError } from "../../errors/record-errors.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { ClassCodecError } from "../../errors/user-code-errors.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { folderNames } from "../../store/folder-names.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store, StorePath } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";

/** A record that cannot be used, and why. */
export interface UnreadableRecord {
  readonly path: StorePath;
  readonly problem: string;
}

/** Details for {@link listRecords}. */
export interface ListRecordsOptions {
  /** The classes whose instances are decoded in params. Instances of other classes stay encoded. */
  readonly classes?: readonly ClassCodec[] | undefined;
  /** Ends the listing: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

const CONCURRENT_READS = 32;

/**
 * Lists every record of a name, in no particular order, with the checks of a load. A record that
 * cannot be used is listed with its path and its problem. Payloads are not read.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 * @throws a StoreError where the store cannot be listed; the signal's reason
 *
 * @example
 * ```ts
 * import { listRecords } from "persistable-ts/catalog";
 *
 * for await (const found of listRecords("example-data", "estimator")) {
 *   if ("problem" in found) console.warn(found.path, found.problem);
 *   else console.log(found.address, found.params);
 * }
 * ```
 */
export async function* listRecords(
  dataDir: string | URL | Store,
  name: string,
  options: ListRecordsOptions = {},
): AsyncGenerator<ArtifactRecord | UnreadableRecord> {
  const { signal, classes = [] } = options;
  const store = openStore(dataDir);
  const { objects } = await folderNames(store, artifactFolder(name), { signal });
  const paths = objects.flatMap((object) => {
    const address = addressOfRecordPath(object);
    return address === undefined ? [] : [recordPath(name, address)];
  });
  for (let start = 0; start < paths.length; start += CONCURRENT_READS) {
    const batch = paths.slice(start, start + CONCURRENT_READS);
    const read = (path: StorePath) => readJudged(store, path, name, classes, signal);
    const found = await mapConcurrently(batch, read, { concurrency: CONCURRENT_READS, signal });
    for (const each of found) if (each !== undefined) yield each;
  }
}

/** Returns `undefined` if the record was removed meanwhile. */
async function readJudged(
  store: Store,
  path: StorePath,
  name: string,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<ArtifactRecord | UnreadableRecord | undefined> {
  try {
    const bytes = await readRecordBytes(store, path, { signal });
    if (bytes === undefined) return undefined;
    const record = parseRecord(bytes, path, classes);
    if (!isRecord(record)) return { path, problem: record.problem };
    if (record.name === name && recordPath(name, record.address) === path) return record;
    return { path, problem: "is the record of another artifact" };
  } catch (error) {
    if (error instanceof NewerRecordError || error instanceof ClassCodecError || error instanceof StoreError)
      return { path, problem: messageOf(error) };
    throw error;
  }
}
