import { DecodeError } from "../errors/format-errors.ts";
import { decodeJson } from "./decode-json.ts";
import type { DecodeLimits } from "./format.ts";
import type { ParquetFooter } from "./parquet-footer.ts";

/** Under which we say in a file what Parquet has no word for. */
const KEY = "persistable-ts";

/** Of a table: the columns that have marks, whether or not a row is null. */
interface Note {
  readonly marked: readonly string[];
}

export function createNote(marked: readonly string[]): { readonly key: string; readonly value: string } {
  return { key: KEY, value: JSON.stringify({ marked } satisfies Note) };
}

/** @throws {@link DecodeError} */
export function markedColumnsOf({ notes }: ParquetFooter, limits: DecodeLimits): ReadonlySet<string> {
  const text = notes.get(KEY);
  if (text === undefined) return new Set();
  const note = decodeJson(new TextEncoder().encode(text), limits) as Partial<Note> | null;
  const marked: unknown = note?.marked;
  if (!Array.isArray(marked)) throw new DecodeError("parquet", "what they say of marks is damaged");
  return new Set(marked);
}
