import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { type FoundRecord, readFoundRecord } from "../inspect/find-record.ts";
import { PayloadObject } from "../inspect/payload-object.ts";
import { isWhole, verified } from "../layered/artifact-puller.ts";
import { piecesIn, SourceFailure } from "../layered/copy-object.ts";
import { certainStore } from "../store/certain-store.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StorePath } from "../store/store.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { artifactsToCopy, type CopyArtifactsOptions, objectsBeside } from "./artifacts-to-copy.ts";
import {
  type CopiedArtifact,
  CopyCounter,
  type CopyReport,
  differentArtifact,
  judgeFailure,
} from "./copied-artifact.ts";
import { copyTag, tagsOf } from "./copy-tags.ts";
import { SourceNotes } from "./source-notes.ts";

const CONCURRENT = 4;

/**
 * Copies artifacts from one store into another: folders, buckets and servers. Every byte is
 * verified on its way, and an artifact appears whole or not at all. With the artifacts come their
 * tags and pins, the kept text of the source that made them, and which changes of it the user has
 * accepted. A copy that was broken off goes on when it is repeated.
 *
 * @param from - a folder, the URL of a store, or a store
 * @param to - the same
 * @throws {@link DefinitionError} if both are one store; {@link InvalidQueryError}; a StoreError of
 * either; the signal's reason
 *
 * @example
 * ```ts
 * import { copyArtifacts } from "persistable-ts/housekeeping";
 *
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
  const { signal, withTags = true } = options;
  const source = certainStore(openStore(from));
  const destination = openStore(to);
  if (source.url === destination.url)
    throw new DefinitionError(`copyArtifacts was given ${source.url} twice. Give two different stores.`);
  await destination.prepare?.({ signal });
  const paths = await artifactsToCopy(source, options);
  const counter = new CopyCounter(paths.length, options.onProgress);
  const notes = new SourceNotes();
  const copy = async (path: StorePath): Promise<void> =>
    counter.add(await copyOne(source, destination, path, notes, signal));
  await mapConcurrently(paths, copy, { concurrency: CONCURRENT, signal });
  for await (const note of notes.notesIn(source, signal)) await notes.write(destination, note, signal);
  const tags = withTags ? await tagsOf(source, paths, signal) : [];
  for (const tag of tags) await copyTag(destination, tag, counter, signal);
  return counter.report();
}

/** Returns `undefined` for an artifact that was removed meanwhile. */
async function copyOne(
  source: Store,
  destination: Store,
  path: StorePath,
  notes: SourceNotes,
  signal: AbortSignal | undefined,
): Promise<CopiedArtifact | undefined> {
  try {
    const found = await readFoundRecord(source, path, [], signal);
    const theirs = await readRecordBytes(certainStore(destination), path, { signal });
    if (theirs !== undefined && Buffer.compare(theirs, found.bytes) !== 0) return differentArtifact(path);
    await copyPayload(source, destination, path, found, signal);
    if (theirs === undefined) {
      const outcome = await destination.createIfAbsent(path, [found.bytes], { signal });
      // If another process was first, the payload that was copied is an orphan, unless both records
      // are equal.
      if (outcome === "exists") return differentArtifact(path);
    }
    notes.add(path, found.record);
    return { path, outcome: theirs === undefined ? "copied" : "present" };
  } catch (error) {
    signal?.throwIfAborted();
    const judged = judgeFailure(error, path);
    if (judged !== "unknown") return judged;
    if (!(error instanceof SourceFailure)) throw error;
    if (error.cause !== undefined) throw error.cause;
    return { path, outcome: "damaged", problem: error.message };
  }
}

/** Copies a payload before its record, and the list of a folder after its files. */
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
  for (const object of await objectsBeside(path, found, payload)) {
    const pieces = () => verified(piecesIn(source, object.path, object.sizeBytes, signal), object.digest);
    const created = await destination.createIfAbsent(object.path, pieces(), { signal });
    // An object that an earlier copy has left may be damaged.
    if (created === "exists" && !(await isWhole(destination, object, signal)))
      await destination.replace(object.path, pieces(), { signal });
  }
}
