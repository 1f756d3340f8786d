import { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { NewerPayloadError } from "../errors/format-errors.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import { StoreError } from "../errors/store-errors.ts";
import { type FoundRecord, readFoundRecord } from "../inspect/find-record.ts";
import { type DamagedObject, PayloadObject } from "../inspect/payload-object.ts";
import { certainStore } from "../store/certain-store.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StoreCallOptions } from "../store/store.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { type AskedArtifacts, askedRecord } from "./asked-record.ts";
import { repairArtifact } from "./repair-artifact.ts";
import { listStore, type RecordEntry } from "./stored-artifacts.ts";
import type { VerifiedArtifact } from "./verified-artifact.ts";

/**
 * Options of {@link verifyArtifacts}. A damaged record is always reported, since the options cannot
 * be applied to it.
 */
export interface VerifyArtifactsOptions extends StoreCallOptions, AskedArtifacts {
  /**
   * The share of the artifacts that is verified, chosen at random: `0.1` is a tenth. Default `1`.
   */
  readonly sample?: number | undefined;
  /**
   * Sets damaged artifacts aside, so that they are generated again when they are needed. In a
   * layered store, the intact copy of the other layer replaces the damaged one, if there is one.
   */
  readonly repair?: boolean | undefined;
  /** Called after each artifact. */
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

/** How far a verification is. */
export interface VerificationProgress {
  readonly artifact: VerifiedArtifact;
  readonly done: number;
  readonly total: number;
}

/** The findings of {@link verifyArtifacts}. */
export interface VerificationReport {
  /** How many artifacts were verified. */
  readonly verified: number;
  readonly intact: number;
  /** Everything that is not intact. */
  readonly problems: readonly VerifiedArtifact[];
}

/** Each digest occupies one thread of Node's pool. */
const CONCURRENT = 4;

/**
 * Reads every byte of the artifacts of a data directory, and compares the digests. Nothing is
 * changed unless `repair` is set.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 * @throws {@link DefinitionError} for a sample that is not a part; {@link InvalidQueryError}; a
 * StoreError if the store cannot be listed
 *
 * @example
 * ```ts
 * import { verifyArtifacts } from "persistable-ts/housekeeping";
 *
 * const { verified, problems } = await verifyArtifacts("example-data", { repair: true });
 * for (const { name, address, damaged } of problems) console.error(name, address, damaged);
 * ```
 */
export async function verifyArtifacts(
  dataDir: string | URL | Store,
  options: VerifyArtifactsOptions = {},
): Promise<VerificationReport> {
  const { sample = 1, signal } = options;
  if (!(sample > 0 && sample <= 1))
    throw new DefinitionError(`The sample of verifyArtifacts is ${sample}: it must be above 0, and at most 1.`);
  const store = openStore(dataDir);
  const { records } = await listStore(certainStore(store), signal);
  const isAsked = askedRecord(options);
  const chosen = sample === 1 ? records : choose(records, Math.ceil(records.length * sample));
  const problems: VerifiedArtifact[] = [];
  let [verified, intact, done] = [0, 0, 0];
  const verify = async (entry: RecordEntry): Promise<void> => {
    const artifact = await verifyOne(store, entry, isAsked, options);
    done += 1;
    if (artifact === undefined) return;
    verified += 1;
    if (artifact.state === "intact") intact += 1;
    else problems.push(artifact);
    options.onProgress?.({ artifact, done, total: chosen.length });
  };
  await mapConcurrently(chosen, verify, { concurrency: CONCURRENT, signal });
  return { verified, intact, problems: problems.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function choose(records: readonly RecordEntry[], count: number): readonly RecordEntry[] {
  const rest = [...records];
  const chosen: RecordEntry[] = [];
  while (chosen.length < count) chosen.push(...rest.splice(Math.floor(Math.random() * rest.length), 1));
  return chosen;
}

/**
 * Returns `undefined` for an artifact that the caller did not choose, or that was removed
 * meanwhile.
 */
async function verifyOne(
  store: Store,
  entry: RecordEntry,
  isAsked: (found: FoundRecord) => boolean,
  { repair, signal }: VerifyArtifactsOptions,
): Promise<VerifiedArtifact | undefined> {
  const artifact = await lookAt(store, entry, isAsked, signal);
  if (artifact?.state !== "damaged" || repair !== true) return artifact;
  const lookAgain = () => lookAt(store, entry, () => true, undefined);
  const repaired = await repairArtifact(store, artifact, lookAgain, signal);
  return repaired === undefined ? artifact : { ...artifact, repaired };
}

async function lookAt(
  from: Store,
  { path, address }: RecordEntry,
  isAsked: (found: FoundRecord) => boolean,
  signal: AbortSignal | undefined,
): Promise<VerifiedArtifact | undefined> {
  const store = certainStore(from);
  let name = path.slice(0, path.indexOf("/"));
  const tell = (state: VerifiedArtifact["state"], damaged: readonly DamagedObject[]): VerifiedArtifact => ({
    ...{ path, name, address, state, damaged },
  });
  try {
    const found = await readFoundRecord(store, path, [], signal);
    name = found.record.name;
    if (!isAsked(found)) return undefined;
    const damaged = await new PayloadObject(store, found).findDamage();
    return tell(damaged.length === 0 ? "intact" : "damaged", damaged);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CorruptArtifactError) return tell("damaged", [{ path: error.file, problem: error.problem }]);
    if (error instanceof UnresolvedArtifactError) return undefined;
    const isNewer = error instanceof NewerRecordError || error instanceof NewerPayloadError;
    if (isNewer || error instanceof StoreError)
      return tell(isNewer ? "newer" : "unreadable", [{ path, problem: error.message }]);
    throw error;
  }
}
