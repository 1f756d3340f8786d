import type { Column } from "./column.ts";

/** The value of a row that has one. */
export function cellAt(column: Column, row: number): unknown {
  const value: unknown = column.values[row];
  if (column.type === "boolean") return value === 1;
  return column.type === "date" ? new Date(value as number) : value;
}
