import { stringify } from "csv-stringify/sync";
import type { ColumnTable } from "../../table/column-table.ts";
import { csvTextAt } from "./csv-cells.ts";
import { CSV_LINE_END, type CsvLayout } from "./csv-layout.ts";

/** The most cells that are converted to text by one call. */
const CELLS_AT_ONCE = 16_384;
/**
 * The most characters that are converted to text by one call. A longer cell is written in parts:
 * the quotes of a long cell, or several cells together, could exceed the longest string of
 * JavaScript.
 */
const CHARACTERS_AT_ONCE = 2 ** 20;

/**
 * Matches cells that are quoted beyond what RFC 4180 demands. Quotes tell empty text from null, and
 * keep a reader from taking the first cell for a byte order mark, or a lone CR or LF for the end of
 * a line.
 */
const ALSO_QUOTED = /^(?:$|\ufeff)|[\r\n]/;

type Line = readonly (string | null)[];

/** Encodes a table. The caller has checked it. */
export function encodeCsv(
  { columns, rowCount }: ColumnTable,
  { delimiter }: CsvLayout,
  charactersAtOnce = CHARACTERS_AT_ONCE,
): readonly Uint8Array[] {
  if (columns.length === 0) return [];
  const pieces: Uint8Array[] = [];
  const rowsAtOnce = Math.ceil(CELLS_AT_ONCE / columns.length);
  let lines: Line[] = [];
  let characters = 0;
  const flush = (): void => {
    if (lines.length > 0)
      pieces.push(
        Buffer.from(stringify([...lines], { delimiter, record_delimiter: CSV_LINE_END, quoted_match: ALSO_QUOTED })),
      );
    lines = [];
    characters = 0;
  };
  const add = (line: Line): void => {
    const length = line.reduce((sum, text) => sum + (text?.length ?? 0) + 1, 0);
    if (characters + length > charactersAtOnce || lines.length >= rowsAtOnce) flush();
    if (length > charactersAtOnce) pieces.push(...longLine(line, delimiter, charactersAtOnce));
    else {
      lines.push(line);
      characters += length;
    }
  };
  add(columns.map(({ name }) => name));
  for (let row = 0; row < rowCount; row++) add(columns.map((column) => csvTextAt(column, row)));
  flush();
  return pieces;
}

/** Gives the same bytes for one line as `stringify` would, in pieces. */
function* longLine(line: Line, delimiter: string, charactersAtOnce: number): Generator<Uint8Array> {
  for (const [i, text] of line.entries()) {
    if (i > 0) yield Buffer.from(delimiter);
    if (text === null) continue;
    const isQuoted = text.includes(delimiter) || text.includes('"') || ALSO_QUOTED.test(text);
    if (isQuoted) yield Buffer.from('"');
    for (let start = 0, end = 0; start < text.length; start = end) {
      end = endOfPart(text, start + charactersAtOnce);
      const part = text.slice(start, end);
      yield Buffer.from(isQuoted ? part.replaceAll('"', '""') : part);
    }
    if (isQuoted) yield Buffer.from('"');
  }
  yield Buffer.from(CSV_LINE_END);
}

/** Returns an end that does not lie between the two halves of a surrogate pair. */
function endOfPart(text: string, end: number): number {
  const unit = text.charCodeAt(end - 1);
  return end < text.length && unit >= 0xd800 && unit < 0xdc00 ? end + 1 : Math.min(end, text.length);
}
