import { setOwn } from "../util/fields-of.ts";
import { type Column, MARK } from "./column.ts";
import { cellAt } from "./read-cell.ts";

/** Returns the rows from `start` to below `end` as plain records. */
export function rowsFromColumns(columns: readonly Column[], start: number, end: number): object[] {
  const rows = new Array<object>(Math.max(0, end - start));
  const template = templateOf(columns);
  for (let from = start; from < end; from += BLOCK) {
    const to = Math.min(end, from + BLOCK);
    for (let row = from; row < to; row++) rows[row - start] = template === undefined ? {} : { ...template };
    for (const column of columns) fillColumn(rows, column, start, from, to);
  }
  return rows;
}

/**
 * The number of rows that all columns fill before the next rows begin: few enough to stay in the
 * cache of the processor.
 */
const BLOCK = 1024;

/**
 * Returns a record with all keys, of which each row becomes a copy: that is far cheaper than adding
 * one key after another. Undefined if keys have to be added one by one, since a row may lack one,
 * or one is `__proto__`.
 */
function templateOf(columns: readonly Column[]): object | undefined {
  if (columns.some(({ name, marks }) => name === "__proto__" || marks?.includes(MARK.absent) === true))
    return undefined;
  return Object.fromEntries(columns.map(({ name }) => [name, undefined]));
}

/** Fills one column of the rows `from` to below `to`. The first record in `rows` is row `start`. */
function fillColumn(rows: readonly object[], column: Column, start: number, from: number, to: number): void {
  const { name, marks, type, values } = column;
  const isPlain = type !== "boolean" && type !== "date";
  for (let row = from; row < to; row++) {
    const mark = marks === undefined ? MARK.present : marks[row];
    if (mark === MARK.absent) continue;
    const value = mark === MARK.null ? null : isPlain ? values[row] : cellAt(column, row);
    setOwn(rows[row - start] as object, name, value);
  }
}
