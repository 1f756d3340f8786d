import type { Address } from "../address/address.ts";
import { payloadBeside } from "../artifact/layout/payload-objects.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { NewerRecordError } from "../errors/record-errors.ts";
import { type FoundRecord, readFoundRecord } from "../inspect/find-record.ts";
import { PayloadObject } from "../inspect/payload-object.ts";
import { filesOf, isWhole, verified } from "../layered/artifact-puller.ts";
import { piecesIn, SourceFailure } from "../layered/copy-object.ts";
import { certainStore } from "../store/certain-store.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StoreCallOptions, StorePath } from "../store/store.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { type AskedArtifacts, askedRecord } from "./asked-record.ts";
import { listStore, readStoredArtifacts } from "./stored-artifacts.ts";

/** Options of {@link copyArtifacts}. */
export interface CopyArtifactsOptions extends StoreCallOptions, AskedArtifacts {
  /** Copies everything that they were made from as well. */
  readonly withUpstream?: boolean | undefined;
  /** Called after each artifact. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** How far a copy is. */
export interface CopyProgress {
  readonly artifact: CopiedArtifact;
  readonly done: number;
  readonly total: number;
}

/** The outcome for one artifact. */
export interface CopiedArtifact {
  /** The path of its record in both stores. */
  readonly path: string;
  /**
   * - `present`: the destination had the same;
   * - `different`: the destination has another payload of the same recipe, which stays;
   * - `damaged`, `newer`: it cannot be verified, and was not copied.
   */
  readonly outcome: "copied" | "present" | "different" | "damaged" | "newer";
  /** The reason for which it was not copied. */
  readonly problem?: string;
}

/** The outcome of {@link copyArtifacts}. */
export interface CopyReport {
  readonly copied: number;
  readonly present: number;
  /** Every artifact that the destination does not have as the source has it. */
  readonly problems: readonly CopiedArtifact[];
}

const CONCURRENT = 4;

/**
 * Copies artifacts from one store into another: folders, buckets and servers. Every byte is
 * verified on its way, and an artifact appears whole or not at all. A copy that was broken off goes
 * on when it is repeated.
 *
 * @param from - a folder, the URL of a store, or a store
 * @param to - the same
 * @throws {@link DefinitionError} if both are one store; {@link InvalidQueryError}; a StoreError of
 * either; the signal's reason
 *
 * @example
 * ```ts
 * const { copied, problems } = await copyArtifacts("example-data", "s3://bucket/study", {
 *   query: "outlier_estimator zThreshold>1",
 *   withUpstream: true,
 * });
 * ```
 */
export async function copyArtifacts(
  from: string | URL | Store,
  to: string | URL | Store,
  options: CopyArtifactsOptions = {},
): Promise<CopyReport> {
  const { signal } = options;
  const source = certainStore(openStore(from));
  const destination = openStore(to);
  if (source.url === destination.url)
    throw new DefinitionError(`copyArtifacts was given ${source.url} twice. Give two different stores.`);
  await destination.prepare?.({ signal });
  const paths = await choose(source, options);
  const problems: CopiedArtifact[] = [];
  const counts = { copied: 0, present: 0 };
  let done = 0;
  const copy = async (path: StorePath): Promise<void> => {
    const artifact = await copyOne(source, destination, path, signal);
    done += 1;
    if (artifact === undefined) return;
    const { outcome } = artifact;
    if (outcome === "copied" || outcome === "present") counts[outcome] += 1;
    else problems.push(artifact);
    options.onProgress?.({ artifact, done, total: paths.length });
  };
  await mapConcurrently(paths, copy, { concurrency: CONCURRENT, signal });
  return { ...counts, problems };
}

/** The records of the artifacts that were asked for, and of what they were made from. */
async function choose(source: Store, options: CopyArtifactsOptions): Promise<readonly StorePath[]> {
  const { withUpstream = false, signal } = options;
  const isAsked = askedRecord(options);
  const listing = await listStore(source, signal);
  const found = await readStoredArtifacts(
    source,
    listing,
    ({ record, bytes, path, address, madeFrom }) => {
      // A record that cannot be read may be one of those, and is told of.
      return { path, address, madeFrom, isWanted: record === undefined || isAsked({ record, bytes }) };
    },
    signal,
  );
  const wanted = found.filter(({ isWanted }) => isWanted);
  if (!withUpstream) return wanted.map(({ path }) => path);
  const upstream = new Set<Address>(wanted.map(({ address }) => address));
  const byAddress = new Map(found.map((one) => [one.address, one]));
  // What is added to a set while it is walked is visited too.
  for (const address of upstream) for (const other of byAddress.get(address)?.madeFrom ?? []) upstream.add(other);
  return found.filter(({ address }) => upstream.has(address)).map(({ path }) => path);
}

/** Returns `undefined` for an artifact that was removed meanwhile. */
async function copyOne(
  source: Store,
  destination: Store,
  path: StorePath,
  signal: AbortSignal | undefined,
): Promise<CopiedArtifact | undefined> {
  try {
    const found = await readFoundRecord(source, path, [], signal);
    const theirs = await readRecordBytes(certainStore(destination), path, { signal });
    if (theirs !== undefined && Buffer.compare(theirs, found.bytes) !== 0) return different(path);
    await copyPayload(source, destination, path, found, signal);
    if (theirs !== undefined) return { path, outcome: "present" };
    const outcome = await destination.createIfAbsent(path, [found.bytes], { signal });
    // If another process was first, the payload that was copied is an orphan, unless both records
    // are equal.
    return outcome === "created" ? { path, outcome: "copied" } : different(path);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnresolvedArtifactError) return undefined;
    if (error instanceof CorruptArtifactError)
      return { path, outcome: "damaged", problem: `${error.file} ${error.problem}` };
    if (error instanceof NewerRecordError) return { path, outcome: "newer", problem: error.message };
    if (!(error instanceof SourceFailure)) throw error;
    if (error.cause !== undefined) throw error.cause;
    return { path, outcome: "damaged", problem: error.message };
  }
}

function different(path: StorePath): CopiedArtifact {
  return { path, outcome: "different", problem: "the destination has another payload of the same recipe" };
}

/** Copies the payload before its record, and of a folder the list after its files. */
async function copyPayload(
  source: Store,
  destination: Store,
  path: StorePath,
  found: FoundRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  const payload = new PayloadObject(source, found);
  if (found.record.payload.file === undefined) {
    const [damage] = await payload.findDamage();
    if (damage !== undefined) throw new SourceFailure(`${damage.path} ${damage.problem}`);
    return;
  }
  const beside = payloadBeside(path, found.bytes);
  if (beside === undefined) throw new SourceFailure("its record does not say where its payload is");
  const files = beside.filesFolder === undefined ? [] : filesOf(beside.filesFolder, await payload.read(undefined));
  if (files === undefined) throw new SourceFailure("the list of its files cannot be read");
  for (const object of [...files, beside]) {
    const pieces = () => verified(piecesIn(source, object.path, object.sizeBytes, signal), object.digest);
    const created = await destination.createIfAbsent(object.path, pieces(), { signal });
    // What an earlier copy has left there may be damaged.
    if (created === "exists" && !(await isWhole(destination, object, signal)))
      await destination.replace(object.path, pieces(), { signal });
  }
}
