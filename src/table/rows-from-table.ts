import { type Column, MARK } from "./column.ts";
import { cellAt } from "./read-cell.ts";

/** Some rows of a table as plain records. */
export function rowsFromColumns(columns: readonly Column[], start: number, end: number): object[] {
  const rows: object[] = [];
  const template = templateOf(columns);
  for (let row = start; row < end; row++) rows.push(template === undefined ? {} : { ...template });
  for (const column of columns) fillColumn(rows, column, start);
  return rows;
}

/** All keys at once are far cheaper than one after the other; where a row may lack one, there is no other way. */
function templateOf(columns: readonly Column[]): object | undefined {
  if (columns.some(({ name, marks }) => name === "__proto__" || marks?.includes(MARK.absent) === true))
    return undefined;
  return Object.fromEntries(columns.map(({ name }) => [name, undefined]));
}

function fillColumn(rows: readonly object[], column: Column, start: number): void {
  const { name, marks, type, values } = column;
  const isPlain = type !== "boolean" && type !== "date";
  for (let i = 0; i < rows.length; i++) {
    const mark = marks === undefined ? MARK.present : marks[start + i];
    if (mark === MARK.absent) continue;
    const value = mark === MARK.null ? null : isPlain ? values[start + i] : cellAt(column, start + i);
    setOwn(rows[i] as Record<string, unknown>, name, value);
  }
}

/** Never through the setter of `__proto__`. */
function setOwn(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") row[name] = value;
  else Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
}
