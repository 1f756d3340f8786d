import { DecodeError, NewerPayloadError } from "../../errors/format-errors.ts";
import type { Column } from "../../table/column.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeJson } from "../json/decode-json.ts";
import type { ParquetFooter } from "./footer.ts";

/** Under which we say in a file what Parquet has no word for. */
const KEY = "persistable-ts";

/** Of a table: the columns that have marks, whether or not a row is null. */
interface Note {
  readonly marked: readonly string[];
  /** Where the table has no columns: the one of the file is there for tools that refuse a file without. */
  readonly noColumns?: true;
}

export function createNote(
  columns: readonly Column[],
  isPlaceheld: boolean,
): { readonly key: string; readonly value: string } {
  const marked = columns.filter(({ marks }) => marks !== undefined).map(({ name }) => name);
  return { key: KEY, value: JSON.stringify({ marked, ...(isPlaceheld ? { noColumns: true } : {}) } satisfies Note) };
}

/** What we said of a file; nothing of one that is not ours. */
export interface ReadNote {
  readonly marked: ReadonlySet<string>;
  readonly isPlaceheld: boolean;
}

/** A note that says nothing of its version is of this one. */
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
