import type { ColumnTable } from "../../table/column-table.ts";
import { TableBuilder } from "../../table/table-builder.ts";
import { tableFromRows } from "../../table/table-from-rows.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { hasOddKeys, isGetter, isSetter } from "../own-keys.ts";
import { assertPlainArray, cellObjectProblem, checkRows } from "./check-rows.ts";

/**
 * The table of rows that a format has checked.
 *
 * @throws {@link UnsupportedPayloadError} for what is no array of plain records
 */
export function tableOfChecked(format: string, rows: readonly object[]): ColumnTable {
  assertPlainArray(format, rows);
  const table = tryTableOfRows(rows);
  if (table !== undefined) return table;
  checkRows(format, rows);
  return tableFromRows(rows) as unknown as ColumnTable;
}

/**
 * The table of rows with which nothing is wrong, found out in the same walk that fills its columns. Undefined where something may be, which
 * `checkRows` tells.
 *
 * @param maxKeys - with more keys they are not worth columns
 */
export function tryTableOfRows(rows: readonly unknown[], maxKeys = Infinity): ColumnTable | undefined {
  const builder = new TableBuilder(rows.length);
  for (let i = 0; i < rows.length; i++) {
    if (!tryPushRow(builder, rows[i], i) || builder.columnCount > maxKeys) return undefined;
  }
  return builder.finish();
}

function tryPushRow(builder: TableBuilder, row: unknown, index: number): boolean {
  if (typeof row !== "object" || row === null || isProxy(row) || Object.getPrototypeOf(row) !== Object.prototype)
    return false;
  const record = row as Readonly<Record<string, unknown>>;
  let position = 0;
  for (const key in record) {
    const column = builder.columnAt(position, key, record);
    if (column === undefined) continue;
    position += 1;
    if (isGetter(record, key)) return false;
    const cell = record[key];
    if (cell === undefined ? isSetter(record, key) : !isSound(cell)) return false;
    column.push(index, cell);
  }
  return !hasOddKeys(record, position);
}

function isSound(cell: unknown): boolean {
  return typeof cell !== "object" || cell === null || cellObjectProblem(cell) === undefined;
}
