import type { ColumnTable } from "../../table/column-table.ts";
import { TableBuilder } from "../../table/table-builder.ts";
import { tableFromRows } from "../../table/table-from-rows.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { hasOddKeys, isGetter, isSetter } from "../own-keys.ts";
import { assertPlainArray, cellObjectProblem, checkRows } from "./check-rows.ts";

/**
 * Converts rows that a format has checked to a table.
 *
 * @throws {@link UnsupportedPayloadError} for anything but an array of plain records
 */
export function tableOfChecked(format: string, rows: readonly object[]): ColumnTable {
  assertPlainArray(format, rows);
  const table = tryTableOfRows(rows);
  if (table !== undefined) return table;
  checkRows(format, rows);
  return tableFromRows(rows) as unknown as ColumnTable;
}

/**
 * Checks rows and converts them to a table in one walk. Returns `undefined` if a row may have a
 * problem; then `checkRows` finds out which.
 *
 * @param maxKeys - the most distinct keys; records with more are not converted
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
