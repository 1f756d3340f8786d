import { stringify } from "csv-stringify/sync";
import type { ColumnTable } from "../table/column-table.ts";
import { csvTextAt } from "./csv-cells.ts";
import { CSV_LINE_END, type CsvLayout } from "./csv-layout.ts";

/** So many cells become text at a time: strings have a longest length. */
const CELLS_AT_ONCE = 16_384;

/**
 * Besides what must be: quotes tell empty text from null, keep a first cell from being taken for a byte order mark, and a lone CR or LF
 * from being taken for the end of a line.
 */
const ALSO_QUOTED = /^(?:$|\ufeff)|[\r\n]/;

/** A table that was checked. */
export function encodeCsv({ columns, rowCount }: ColumnTable, { delimiter }: CsvLayout): readonly Uint8Array[] {
  if (columns.length === 0) return [];
  const bytesOf = (lines: (string | null)[][]): Uint8Array =>
    Buffer.from(stringify(lines, { delimiter, record_delimiter: CSV_LINE_END, quoted_match: ALSO_QUOTED }));
  const pieces = [bytesOf([columns.map(({ name }) => name)])];
  const rowsAtOnce = Math.ceil(CELLS_AT_ONCE / columns.length);
  for (let start = 0; start < rowCount; start += rowsAtOnce) {
    const lines: (string | null)[][] = [];
    for (let row = start; row < Math.min(start + rowsAtOnce, rowCount); row++)
      lines.push(columns.map((column) => csvTextAt(column, row)));
    pieces.push(bytesOf(lines));
  }
  return pieces;
}
