import { stringify } from "csv-stringify/sync";
import type { ColumnTable } from "../../table/column-table.ts";
import { csvTextAt } from "./csv-cells.ts";
import { CSV_LINE_END, type CsvLayout } from "./csv-layout.ts";

/** So many cells become text at a time at most. */
const CELLS_AT_ONCE = 16_384;
/**
 * And no more than so many characters; a longer cell is cut: strings have a longest length, which quotes and many cells together reach long before one
 * cell does.
 */
const CHARACTERS_AT_ONCE = 2 ** 20;

/**
 * Besides what must be: quotes tell empty text from null, keep a first cell from being taken for a byte order mark, and a lone CR or LF
 * from being taken for the end of a line.
 */
const ALSO_QUOTED = /^(?:$|\ufeff)|[\r\n]/;

type Line = readonly (string | null)[];

/** A table that was checked. */
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

/** The same as it would be together with others, in pieces. */
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

/** Not between the two halves of a character. */
function endOfPart(text: string, end: number): number {
  const unit = text.charCodeAt(end - 1);
  return end < text.length && unit >= 0xd800 && unit < 0xdc00 ? end + 1 : Math.min(end, text.length);
}
