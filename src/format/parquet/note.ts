import { DecodeError, NewerPayloadError } from "../../errors/format-errors.ts";
import type { Column } from "../../table/column.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeJson } from "../json/decode-json.ts";
import type { ParquetFooter } from "./footer.ts";

/**
 * The key in the metadata of a file under which this library describes what Parquet cannot express.
 */
const KEY = "persistable-ts";

/** The note about a table. */
interface Note {
  readonly marked: readonly string[];
  /**
   * Whether the table has no columns. The file then has one, for tools that refuse a file without.
   */
  readonly noColumns?: true;
}

export function createNote(
  columns: readonly Column[],
  isPlaceheld: boolean,
): { readonly key: string; readonly value: string } {
  const marked = columns.filter(({ marks }) => marks !== undefined).map(({ name }) => name);
  return { key: KEY, value: JSON.stringify({ marked, ...(isPlaceheld ? { noColumns: true } : {}) } satisfies Note) };
}

/**
 * The content of the note. If there is no note, another program wrote the file, and both fields are
 * empty.
 */
export interface ReadNote {
  readonly marked: ReadonlySet<string>;
  readonly isPlaceheld: boolean;
}

/** The version of a note that does not name its version. */
const NOTE_VERSION = 1;

/** @throws {@link DecodeError}; {@link NewerPayloadError} for a note of a newer release */
export function readNote({ notes }: ParquetFooter, limits: DecodeLimits): ReadNote {
  const text = notes.get(KEY);
  if (text === undefined) return { marked: new Set(), isPlaceheld: false };
  const note = decodeJson(new TextEncoder().encode(text), limits) as
    | (Partial<Note> & { readonly note?: unknown })
    | null;
  const version = note?.note;
  if (typeof version === "number" && version > NOTE_VERSION)
    throw NewerPayloadError.ofRelease("parquet", `with version ${version} of our note in it`);
  const marked: unknown = note?.marked;
  if (!Array.isArray(marked)) throw new DecodeError("parquet", "what they say of marks is damaged");
  return { marked: new Set(marked), isPlaceheld: note?.noColumns === true };
}
