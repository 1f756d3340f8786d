export { InvalidColumnTableError } from "../errors/format-errors.ts";
export type { TableSelection } from "../format/format.ts";
export { type ReadTableOptions, readTable, type TablePersistable } from "../persistable/read-table.ts";
export { assertColumnTable } from "../table/assert-column-table.ts";
export type { StructOf, StructType } from "../table/column.ts";
export {
  type CellOf,
  type Column,
  type ColumnFor,
  type ColumnOf,
  type ColumnType,
  type ColumnTypeOf,
  type ColumnValuesByType,
  MARK,
  type NumberListType,
} from "../table/column.ts";
export { ColumnTable } from "../table/column-table.ts";
export type { ExactTextType } from "../table/exact-text.ts";
export { type StructFields, struct } from "../table/struct-columns.ts";
export { type TableFromRowsOptions, tableFromRows } from "../table/table-from-rows.ts";
