import { type Column, MARK } from "./column.ts";
import { cellAt } from "./read-cell.ts";

/** Some rows of a table as plain records. */
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

/** So many rows are filled at a time that they are still near when the next column comes. */
const BLOCK = 1024;

/** All keys at once are far cheaper than one after the other; where a row may lack one, there is no other way. */
function templateOf(columns: readonly Column[]): object | undefined {
  if (columns.some(({ name, marks }) => name === "__proto__" || marks?.includes(MARK.absent) === true))
    return undefined;
  return Object.fromEntries(columns.map(({ name }) => [name, undefined]));
}

/** Rows `from` up to, not including, `to`, of which row `start` is the first in the list. */
function fillColumn(rows: readonly object[], column: Column, start: number, from: number, to: number): void {
  const { name, marks, type, values } = column;
  const isPlain = type !== "boolean" && type !== "date";
  for (let row = from; row < to; row++) {
    const mark = marks === undefined ? MARK.present : marks[row];
    if (mark === MARK.absent) continue;
    const value = mark === MARK.null ? null : isPlain ? values[row] : cellAt(column, row);
    setOwn(rows[row - start] as Record<string, unknown>, name, value);
  }
}

/** Never through the setter of `__proto__`. */
function setOwn(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
}
