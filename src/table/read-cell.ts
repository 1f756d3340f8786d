import type { Column } from "./column.ts";

/** The value of a column in a row that has one. */
export function cellAt(column: Column, row: number): unknown {
  if (column.type === "boolean") return column.values[row] === 1;
  if (column.type === "date") return new Date(column.values[row] ?? Number.NaN);
  return column.values[row];
}
