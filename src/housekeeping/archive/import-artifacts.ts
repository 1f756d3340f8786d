import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { InvalidArchiveError } from "../../errors/archive-errors.ts";
import { PayloadObject } from "../../inspect/payload-object.ts";
import { isWhole } from "../../layered/artifact-puller.ts";
import { certainStore } from "../../store/certain-store.ts";
import { memoryStore } from "../../store/memory-store.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store, StoreCallOptions } from "../../store/store.ts";
import {
  type CopiedArtifact,
  CopyCounter,
  type CopyProgress,
  type CopyReport,
  differentArtifact,
} from "../copied-artifact.ts";
import { copyTag } from "../copy-tags.ts";
import { SourceNotes } from "../source-notes.ts";
import { pathOfFile } from "./export-artifacts.ts";
import { type ArchivedArtifact, type ArchivedObject, readArchive } from "./read-archive.ts";

/** Options of {@link importArtifacts}. */
export interface ImportArtifactsOptions extends StoreCallOptions {
  /** `false` leaves the tags and pins of the archive out; `true` by default. */
  readonly withTags?: boolean | undefined;
  /** Called after each artifact. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/**
 * Brings the artifacts of an archive into a store. The archive is read and verified from its
 * beginning to its end before the first artifact is written: one that was cut short, changed, or
 * made by hand to do harm leaves no trace. An artifact that the store has stays as it is, and so
 * does a tag that it has on another artifact.
 *
 * Digests say that an artifact is what its maker wrote, and not that the maker was honest: import
 * archives only of people whose results you would use.
 *
 * @param file - a file that `exportArtifacts` wrote
 * @param to - a folder, the URL of a store, or a store
 * @throws {@link InvalidArchiveError}; {@link NewerRecordError}; {@link MissingPeerError} without
 * `tar-stream`; a StoreError; an error of the disk; the signal's reason
 *
 * @example
 * ```ts
 * import { importArtifacts } from "persistable-ts/housekeeping";
 *
 * const { copied, present, problems } = await importArtifacts("study.tar", "example-data");
 * ```
 */
export async function importArtifacts(
  file: string | URL,
  to: string | URL | Store,
  options: ImportArtifactsOptions = {},
): Promise<CopyReport> {
  const { signal, onProgress, withTags = true } = options;
  const path = pathOfFile(file);
  let total = 0;
  for await (const archived of readArchive(path, signal)) {
    if (archived.kind !== "artifact") continue;
    await verifyArchived(path, archived);
    total += 1;
  }
  const destination = openStore(to);
  await destination.prepare?.({ signal });
  const counter = new CopyCounter(total, onProgress);
  const notes = new SourceNotes();
  for await (const archived of readArchive(path, signal)) {
    if (archived.kind === "artifact") counter.add(await importOne(destination, archived, notes, signal));
    else if (archived.kind === "note") await notes.write(destination, archived.note, signal);
    else if (withTags) await copyTag(destination, archived.tag, counter, signal);
  }
  return counter.report();
}

async function verifyArchived(file: string, artifact: ArchivedArtifact): Promise<void> {
  const { path, found, objects } = artifact;
  for await (const { pieces } of objects()) await drain(pieces);
  if (found.record.payload.file !== undefined) return;
  // The payload is inside the record, so an empty store is enough for reading it.
  const [damage] = await new PayloadObject(memoryStore(), found).findDamage();
  if (damage !== undefined) throw new InvalidArchiveError(file, path, damage.problem);
}

/** Writes the payload before the record, which makes the artifact visible. */
async function importOne(
  destination: Store,
  { path, found, objects }: ArchivedArtifact,
  notes: SourceNotes,
  signal: AbortSignal | undefined,
): Promise<CopiedArtifact> {
  const theirs = await readRecordBytes(certainStore(destination), path, { signal });
  const isDifferent = theirs !== undefined && Buffer.compare(theirs, found.bytes) !== 0;
  for await (const object of objects()) {
    if (isDifferent) await drain(object.pieces);
    else await importObject(destination, object, signal);
  }
  if (isDifferent) return differentArtifact(path);
  // If another process was first, the payload that was written is an orphan, unless both records
  // are equal.
  if (theirs === undefined && (await destination.createIfAbsent(path, [found.bytes], { signal })) === "exists")
    return differentArtifact(path);
  notes.add(path, found.record);
  return { path, outcome: theirs === undefined ? "copied" : "present" };
}

/** Writes an object, unless an earlier import has written the whole object. */
async function importObject(
  destination: Store,
  { object, pieces }: ArchivedObject,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await isWhole(destination, object, signal)) await drain(pieces);
  else await destination.replace(object.path, pieces, { signal });
}

async function drain(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of pieces);
}
