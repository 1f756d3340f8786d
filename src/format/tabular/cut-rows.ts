import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK } from "../../table/column.ts";
import { isTooLong, saysTooLong } from "../text-limit.ts";

/** The most bytes of a UTF-16 code unit in UTF-8. */
const BYTES_PER_CHARACTER = 3;

/** Some rows that are written together. */
export interface RowsTogether {
  readonly end: number;
  /**
   * For each column of nested values, their JSON text from the first of the rows on. It is kept,
   * since encoding a value twice takes long.
   */
  readonly texts: ReadonlyMap<Column, readonly string[]>;
}

/**
 * Chooses the rows that are written together: at most `mostRows`, with at most `mostBytes` of texts
 * or bytes in each column. A row that has more by itself is written alone.
 *
 * @throws {@link UnsupportedPayloadError} for a nested value whose JSON is longer than a text can
 * be
 */
export function cutRows(
  format: string,
  columns: readonly Column[],
  start: number,
  { mostRows, mostBytes }: { readonly mostRows: number; readonly mostBytes: number },
): RowsTogether {
  const texts = new Map<Column, string[]>();
  let end = start + mostRows;
  for (const column of columns) {
    if (ArrayBuffer.isView(column.values)) continue;
    const own: string[] = [];
    if (column.type === "value") texts.set(column, own);
    let bytes = 0;
    for (let row = start; row < Math.min(end, column.values.length); row++) {
      const cell = cellOf(format, column, row);
      bytes += bytesOf(cell);
      if (bytes > mostBytes && row > start) end = row;
      else if (column.type === "value" && typeof cell === "string") own.push(cell);
    }
    end = Math.min(end, column.values.length);
  }
  return { end, texts };
}

const NOTHING = "";

/** The bytes of texts and bytes in a cell. Records nest no deeper than the type of their struct. */
export function bytesOf(cell: unknown): number {
  if (typeof cell === "string") return cell.length * BYTES_PER_CHARACTER;
  if (ArrayBuffer.isView(cell)) return cell.byteLength;
  if (typeof cell !== "object" || cell === null) return 0;
  return Object.values(cell).reduce((sum: number, field: unknown) => sum + bytesOf(field), 0);
}

function cellOf(format: string, column: Column, row: number): unknown {
  const { name, marks } = column;
  if (marks !== undefined && marks[row] !== MARK.present) return NOTHING;
  if (column.type === "value") return jsonOf(format, [row, name], column.values[row]);
  return column.values[row];
}

function jsonOf(format: string, path: readonly [row: number, name: string], value: unknown): string {
  try {
    const text = JSON.stringify(value);
    if (!isTooLong(text)) return text;
  } catch (error) {
    if (!saysTooLong(error)) throw error;
  }
  throw new UnsupportedPayloadError(format, path, "takes more than 512 MiB as JSON", "Use structured(), or table().");
}
