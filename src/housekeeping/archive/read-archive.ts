import { addressOfRecordPath } from "../../artifact/layout/artifact-paths.ts";
import { payloadBeside } from "../../artifact/layout/payload-objects.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { parseTag, type Tag } from "../../catalog/tag-file.ts";
import { InvalidArchiveError } from "../../errors/archive-errors.ts";
import { type FoundRecord, judgeRecord } from "../../inspect/find-record.ts";
import { filesOf } from "../../layered/artifact-puller.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import { PINS_FOLDER, TAGS_FOLDER } from "../../store/internal-folder.ts";
import type { StorePath } from "../../store/store.ts";
import type { SizedObject } from "../artifacts-to-copy.ts";
import { isNotePath, MAX_NOTE_BYTES, type SourceNote, SourceNotes } from "../source-notes.ts";
import { tagFilePath, tagProblem } from "../tags.ts";
import { type ArchiveEntry, archiveEntries, readEntryBytes, verifiedEntry } from "./archive-entries.ts";
import { END, HEAD, headProblem, parseEnd } from "./archive-layout.ts";

/** An artifact in an archive. Its objects have to be read before the next artifact. */
export interface ArchivedArtifact {
  readonly kind: "artifact";
  /** The path of its record. */
  readonly path: StorePath;
  readonly found: FoundRecord;
  /** The objects of its payload, in the order in which they are written. */
  objects(): AsyncGenerator<ArchivedObject>;
}

/** The tag or the pin of an artifact that is before it in an archive. */
interface ArchivedTag {
  readonly kind: "tag";
  readonly tag: Tag;
}

/** A note about the source of an artifact that is before it in an archive. */
interface ArchivedNote {
  readonly kind: "note";
  readonly note: SourceNote;
}

/** An object of a payload in an archive. */
export interface ArchivedObject {
  readonly object: SizedObject;
  /**
   * The bytes, which are verified while they are read: after the last piece, an error is thrown if
   * they do not match the digest.
   */
  readonly pieces: AsyncIterable<Uint8Array>;
}

const MAX_MARK_BYTES = 4096;
/** A list with a million files has about this size. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

/**
 * Reads an archive from its beginning to its end. Each entry has to be a record, an object that the
 * record before it names, or a tag of an artifact before it or a note about its source.
 *
 * @throws {@link InvalidArchiveError}, {@link NewerRecordError}, an error of the disk
 */
export async function* readArchive(
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchivedArtifact | ArchivedNote | ArchivedTag> {
  const entries = archiveEntries(file, signal);
  try {
    const head = await nextEntry(file, entries);
    if (head.path !== HEAD) throw new InvalidArchiveError(file, undefined, `does not begin with ${HEAD}`);
    const problem = headProblem(await readEntryBytes(file, head, MAX_MARK_BYTES));
    if (problem !== undefined) throw new InvalidArchiveError(file, undefined, problem);
    const [records, others] = [new Set<StorePath>(), new Set<StorePath>()];
    const notes = new SourceNotes();
    for (let entry = await nextEntry(file, entries); ; entry = await nextEntry(file, entries)) {
      const { path } = entry;
      if (path === END) return await checkEnd(file, entry, records.size, entries);
      if (records.has(path) || others.has(path)) throw new InvalidArchiveError(file, path, "is there twice");
      if (isTagPath(path)) {
        others.add(path);
        yield { kind: "tag", tag: await readTag(file, entry, records) };
        continue;
      }
      if (isNotePath(path)) {
        others.add(path);
        yield { kind: "note", note: await readNote(file, entry, notes) };
        continue;
      }
      records.add(path);
      const found = await readRecord(file, entry);
      notes.add(path, found.record);
      yield { kind: "artifact", path, found, objects: () => readObjects(file, path, found, entries) };
    }
  } finally {
    await entries.return(undefined);
  }
}

async function nextEntry(file: string, entries: AsyncGenerator<ArchiveEntry>): Promise<ArchiveEntry> {
  const next = await entries.next();
  if (next.done === true) throw new InvalidArchiveError(file, undefined, `was cut short: ${END} is missing`);
  return next.value;
}

async function checkEnd(
  file: string,
  end: ArchiveEntry,
  artifacts: number,
  entries: AsyncGenerator<ArchiveEntry>,
): Promise<void> {
  const told = parseEnd(await readEntryBytes(file, end, MAX_MARK_BYTES));
  if (told !== artifacts)
    throw new InvalidArchiveError(file, undefined, `has ${artifacts} artifacts instead of ${String(told)}`);
  const next = await entries.next();
  if (next.done !== true) throw new InvalidArchiveError(file, next.value.path, "follows the end");
}

async function readRecord(file: string, entry: ArchiveEntry): Promise<FoundRecord> {
  const { path } = entry;
  if (addressOfRecordPath(path) === undefined || path.split("/").length !== 2)
    throw new InvalidArchiveError(file, path, "is not a part of an artifact before it");
  const found = judgeRecord(await readEntryBytes(file, entry, MAX_RECORD_BYTES), path);
  if (typeof found === "string") throw new InvalidArchiveError(file, path, found);
  return found;
}

function isTagPath(path: StorePath): boolean {
  return [TAGS_FOLDER, PINS_FOLDER].some((folder) => path.startsWith(`${folder}/`));
}

async function readTag(file: string, entry: ArchiveEntry, records: ReadonlySet<StorePath>): Promise<Tag> {
  const tag = parseTag(await readEntryBytes(file, entry, MAX_MARK_BYTES));
  const isRight = tag !== undefined && tagFilePath(tag) === entry.path;
  if (!isRight || (tag.tag !== undefined && tagProblem(tag.tag) !== undefined))
    throw new InvalidArchiveError(file, entry.path, "is not a tag");
  if (!records.has(recordPath(tag.name, tag.address)))
    throw new InvalidArchiveError(file, entry.path, "is the tag of an artifact that is not before it");
  return tag;
}

async function readNote(file: string, entry: ArchiveEntry, notes: SourceNotes): Promise<SourceNote> {
  const note = { path: entry.path, bytes: await readEntryBytes(file, entry, MAX_NOTE_BYTES) };
  if (notes.isNote(note)) return note;
  throw new InvalidArchiveError(file, entry.path, "is not a note about the source of an artifact before it");
}

async function* readObjects(
  file: string,
  path: StorePath,
  { record, bytes }: FoundRecord,
  entries: AsyncGenerator<ArchiveEntry>,
): AsyncGenerator<ArchivedObject> {
  if (record.payload.file === undefined) return;
  const beside = payloadBeside(path, bytes);
  if (beside === undefined) throw new InvalidArchiveError(file, path, "does not say where its payload is");
  const next = async (object: SizedObject): Promise<ArchiveEntry> => {
    const entry = await nextEntry(file, entries);
    if (entry.path !== object.path)
      throw new InvalidArchiveError(file, entry.path, `is where ${object.path} should be`);
    if (entry.sizeBytes !== object.sizeBytes)
      throw new InvalidArchiveError(file, entry.path, `has ${entry.sizeBytes} bytes instead of ${object.sizeBytes}`);
    return { ...entry, pieces: verifiedEntry(file, entry, object.digest) };
  };
  const first = await next(beside);
  if (beside.filesFolder === undefined) {
    yield { object: beside, pieces: first.pieces };
    return;
  }
  const list = await readEntryBytes(file, first, MAX_LIST_BYTES);
  const files = filesOf(beside.filesFolder, list);
  if (files === undefined) throw new InvalidArchiveError(file, beside.path, "is not a list of files");
  for (const object of files) yield { object, pieces: (await next(object)).pieces };
  yield { object: beside, pieces: piecesOfList(list) };
}

async function* piecesOfList(list: Uint8Array): AsyncGenerator<Uint8Array> {
  yield list;
}
