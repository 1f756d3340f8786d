import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { encodeTag } from "../../catalog/tag-file.ts";
import { ArtifactInFlightError } from "../../errors/artifact-errors.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import { readFoundRecord } from "../../inspect/find-record.ts";
import { PayloadObject } from "../../inspect/payload-object.ts";
import { verified } from "../../layered/artifact-puller.ts";
import { piecesIn, SourceFailure } from "../../layered/copy-object.ts";
import { certainStore } from "../../store/certain-store.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { artifactsToCopy, type CopyArtifactsOptions, objectsBeside, type SizedObject } from "../artifacts-to-copy.ts";
import { type CopiedArtifact, CopyCounter, type CopyReport, judgeFailure } from "../copied-artifact.ts";
import { tagsOf } from "../copy-tags.ts";
import { mayHaveNotes, SourceNotes } from "../source-notes.ts";
import { tagFilePath } from "../tags.ts";
import { END, encodeEnd, encodeHead, HEAD } from "./archive-layout.ts";
import { type AddEntry, writeArchive } from "./archive-writer.ts";

/**
 * Writes artifacts into one tar file, every byte verified, for another machine or for keeping.
 * `importArtifacts` reads it; unpacked with tar, it is a data directory. With the artifacts come
 * their tags and pins, the kept text of the source that made them, and which changes of it the user
 * has accepted. The file appears when it is complete. Damaged artifacts are reported, and
 * left out.
 *
 * @param from - a folder, the URL of a store, or a store
 * @param file - a path that does not exist yet
 * @throws {@link DefinitionError} if the file exists; {@link InvalidQueryError}; {@link
 * MissingPeerError} without `tar-stream`; a StoreError; an error of the disk; the signal's reason
 *
 * @example
 * ```ts
 * import { exportArtifacts } from "persistable-ts/housekeeping";
 *
 * const { copied, problems } = await exportArtifacts("example-data", "study.tar", {
 *   query: "outlier_estimator",
 *   withUpstream: true,
 * });
 * ```
 */
export async function exportArtifacts(
  from: string | URL | Store,
  file: string | URL,
  options: CopyArtifactsOptions = {},
): Promise<CopyReport> {
  const { signal, withTags = true } = options;
  const path = pathOfFile(file);
  if (existsSync(path))
    throw new DefinitionError(`exportArtifacts was given ${path}, which exists. Give another name, or remove it.`);
  const source = certainStore(openStore(from));
  const records = await artifactsToCopy(source, options);
  const tags = withTags ? await tagsOf(source, records, signal) : [];
  const counter = new CopyCounter(records.length, options.onProgress);
  const hasNotes = await mayHaveNotes(source, records, signal);
  const notes = new SourceNotes();
  const fill = async (add: AddEntry): Promise<void> => {
    const now = new Date();
    await addBytes(add, HEAD, encodeHead({ hasTags: tags.length > 0, hasNotes }), now);
    // The records are sorted, so that equal stores make equal archives, apart from the times of the
    // first and the last entry.
    const added = new Set<StorePath>();
    for (const record of [...records].sort()) {
      signal?.throwIfAborted();
      const artifact = await exportOne(source, record, add, notes, signal);
      if (artifact?.outcome === "copied") added.add(record);
      counter.add(artifact);
    }
    if (hasNotes)
      for await (const { path, bytes } of notes.notesIn(source, signal)) await addBytes(add, path, bytes, now);
    for (const tag of tags) {
      if (!added.has(recordPath(tag.name, tag.address))) continue;
      await addBytes(add, tagFilePath(tag), encodeTag(tag), new Date(tag.createdAt));
      counter.addTag();
    }
    await addBytes(add, END, encodeEnd(counter.report().copied), now);
  };
  await writeArchive(path, fill, signal);
  return counter.report();
}

export function pathOfFile(file: string | URL): string {
  return file instanceof URL ? fileURLToPath(file) : file;
}

function addBytes(add: AddEntry, path: StorePath, bytes: Uint8Array, writtenAt: Date): Promise<void> {
  return add(path, bytes.length, [bytes], writtenAt);
}

/** Verifies an artifact before any of it is added to the archive, and again while it is added. */
async function exportOne(
  source: Store,
  path: StorePath,
  add: AddEntry,
  notes: SourceNotes,
  signal: AbortSignal | undefined,
): Promise<CopiedArtifact | undefined> {
  const whole = await readWholeArtifact(source, path, signal);
  if (whole === undefined || "outcome" in whole) return whole;
  const { found, objects } = whole;
  const writtenAt = new Date(found.record.provenance.createdAt);
  try {
    await addBytes(add, path, found.bytes, writtenAt);
    for (const { path: object, sizeBytes, digest } of listFirst(objects)) {
      const pieces = verified(piecesIn(source, object, sizeBytes, signal), digest);
      await add(object, sizeBytes, pieces, writtenAt);
    }
    notes.add(path, found.record);
    return { path, outcome: "copied" };
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    throw error.cause ?? new ArtifactInFlightError(found.record.name, path);
  }
}

async function readWholeArtifact(source: Store, path: StorePath, signal: AbortSignal | undefined) {
  try {
    const found = await readFoundRecord(source, path, [], signal);
    const payload = new PayloadObject(source, found);
    const objects = await objectsBeside(path, found, payload);
    const [damage] = await payload.findDamage();
    if (damage === undefined) return { found, objects };
    return { path, outcome: "damaged", problem: `${damage.path} ${damage.problem}` } as const;
  } catch (error) {
    signal?.throwIfAborted();
    const judged = judgeFailure(error, path);
    if (judged === "unknown") throw error;
    return judged;
  }
}

/** Puts the list of a folder first: the reader of an archive needs the list to check the files. */
function listFirst(objects: readonly SizedObject[]): readonly SizedObject[] {
  return [...objects.slice(-1), ...objects.slice(0, -1)];
}
