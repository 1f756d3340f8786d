import { acceptedPath, sourcePath } from "../artifact/layout/artifact-paths.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { parseAccepted } from "../artifact/provenance/accepted-note.ts";
import type { ArtifactRecord } from "../record/record.ts";
import type { Store, StorePath } from "../store/store.ts";
import { sha256Hex } from "../util/digest/sha256.ts";

/**
 * A file beside artifacts about the source that made them: the text of it, or that the user has
 * accepted a change of it. Without these, each change would have to be accepted again.
 */
export interface SourceNote {
  readonly path: StorePath;
  readonly bytes: Uint8Array;
}

const ACCEPTED = /^(.*)\.accepted-[0-9a-f]{16}\.json$/;
const SOURCE = /^[^/]+\/sources\/[0-9a-f]{64}\.txt$/;

/** The text of a source and a statement are smaller. */
export const MAX_NOTE_BYTES = 2 ** 20;

export function isNotePath(path: string): boolean {
  return ACCEPTED.test(path) || SOURCE.test(path);
}

/** Whether a store may have notes about these artifacts. Their records are not read. */
export async function mayHaveNotes(
  store: Store,
  records: readonly StorePath[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const chosen = new Set<string>(records);
  for await (const path of notePathsIn(store, records, signal))
    if (SOURCE.test(path) || chosen.has(recordOf(path))) return true;
  return false;
}

/** The paths of notes in the folders of these records, which may be about other artifacts. */
async function* notePathsIn(
  store: Store,
  records: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<StorePath> {
  const folders = new Set(records.map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
  for (const folder of folders)
    for await (const { path, sizeBytes } of store.list(folder, { signal }))
      if (isNotePath(path) && sizeBytes <= MAX_NOTE_BYTES) yield path;
}

function recordOf(path: string): string {
  return `${ACCEPTED.exec(path)?.[1]}.json`;
}

/** The artifacts whose records were added, and which notes are about them. */
export class SourceNotes {
  /** The fingerprint of the source that made each artifact, by the path of its record. */
  readonly #recorded = new Map<string, string>();
  readonly #sources = new Map<string, string>();

  add(path: StorePath, { name, provenance: { source } }: ArtifactRecord): void {
    if (source === undefined) return;
    this.#recorded.set(path, source);
    this.#sources.set(sourcePath(name, source), source);
  }

  /** Whether it is a whole note about one of the artifacts. */
  isNote({ path, bytes }: SourceNote): boolean {
    const source = this.#sources.get(path);
    if (source !== undefined) return `sha256:${sha256Hex(bytes)}` === source;
    const note = this.#recorded.has(recordOf(path)) ? parseAccepted(bytes) : undefined;
    if (note === undefined || acceptedPath(note.name, note.address, note.accepted) !== path) return false;
    return this.#recorded.get(recordPath(note.name, note.address)) === note.recorded;
  }

  /** Yields the notes that a store has about the artifacts. Anything else is left out. */
  async *notesIn(store: Store, signal: AbortSignal | undefined): AsyncGenerator<SourceNote> {
    const paths: StorePath[] = [];
    for await (const path of notePathsIn(store, [...this.#recorded.keys()], signal))
      if (this.#sources.has(path) || this.#recorded.has(recordOf(path))) paths.push(path);
    // Equal stores make equal archives, and a store lists in any order.
    for (const path of paths.sort()) {
      const bytes = await store.read(path, { signal, maxBytes: MAX_NOTE_BYTES });
      if (bytes !== undefined && this.isNote({ path, bytes })) yield { path, bytes };
    }
  }

  /** Writes a note about one of the artifacts, unless the store has one there. */
  async write(store: Store, note: SourceNote, signal: AbortSignal | undefined): Promise<void> {
    const { path, bytes } = note;
    if (!this.isNote(note)) return;
    if ((await store.createIfAbsent(path, [bytes], { signal })) === "created") return;
    const theirs = await store.read(path, { signal, maxBytes: MAX_NOTE_BYTES });
    // A statement that is there may be about an earlier artifact of this address.
    if (theirs === undefined || !this.isNote({ path, bytes: theirs })) await store.replace(path, [bytes], { signal });
  }
}
