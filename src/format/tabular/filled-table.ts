import { fitsColumn } from "../../table/cell-type.ts";
import { type Column, MARK, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { fillerOf } from "../../table/typed-values.ts";
import { isNumericColumnType } from "./column-arrays.ts";

/**
 * Fills the rows of columns of texts, bytes and nested values that are null or absent with a value
 * of the column's type. Any value may be there, since it has no meaning, and so writers of columns
 * do not have to handle it. Returns the same table if nothing has to be filled.
 */
export function filledTable(table: ColumnTable): ColumnTable {
  const columns = table.columns.map(filledColumn);
  return columns.every((column, i) => column === table.columns[i]) ? table : new ColumnTable(columns, table.rowCount);
}

function filledColumn(column: Column): Column {
  const { type, values, marks } = column;
  if (marks === undefined || isNumericColumnType(type)) return column;
  const list: ArrayLike<unknown> = values;
  const isOdd = (row: number): boolean =>
    marks[row] !== MARK.present &&
    (fillerOf(type) === undefined ? list[row] !== undefined : !fitsColumn(type, list[row]));
  if (!marks.some((_, row) => isOdd(row))) return column;
  const filled = Array.from(list, (value, row) => (isOdd(row) ? fillerOf(type) : value));
  return makeColumn(column.name, type, filled, marks);
}
