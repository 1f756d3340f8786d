import { InvalidColumnTableError } from "../errors/format-errors.ts";
import type { ColumnType, ColumnTypeOf } from "./column.ts";
import type { ColumnTable } from "./column-table.ts";
import { describeCell } from "./describe-cell.ts";
import { TableBuilder } from "./table-builder.ts";
import { isColumnType } from "./typed-values.ts";

/** How rows become columns. */
export interface TableFromRowsOptions<Row extends object> {
  /**
   * Declares types for columns that should not have the type of their values: `{ id: "int32" }`. If
   * no row has the key of a declared column, the table has the column without values.
   */
  readonly types?: { readonly [Key in keyof Row]?: ColumnTypeOf<Row[Key]> } | undefined;
}

/**
 * Makes a table of rows. Each column has the type of its values: `float64` for numbers, `int64` for
 * bigints within 64 bits, `boolean`, `string`, `date` for dates, `bytes` for Uint8Array,
 * `float32[]` for Float32Array and likewise for other typed arrays, and `value` for everything else
 * and for values of several types. `null` and keys that a row lacks are
 * marks, and do not change the type. Only a declaration makes dates and decimals of texts:
 * `plainDate`, `decimal(10,2)`. Columns have the order in which the rows first have them.
 * Bytes and other objects, except for dates, are not copied.
 *
 * `table.toRows()` returns equal rows; only their keys are in the order of the columns.
 *
 * @throws {@link InvalidColumnTableError} if a row is not a plain object, or if a value does
 * not fit the declared type of its column
 *
 * @example
 * ```ts
 * import { tableFromRows } from "persistable-ts/table";
 *
 * const table = tableFromRows([{ id: 1, name: "a" }, { id: 2, name: null }], { types: { id: "int32" } });
 * table.column("id").values; // Int32Array [1, 2]
 * ```
 */
export function tableFromRows<Row extends object>(
  rows: readonly Row[],
  options: TableFromRowsOptions<Row> = {},
): ColumnTable<Row> {
  const builder = new TableBuilder(rows.length, declaredTypes(options.types ?? {}));
  for (let i = 0; i < rows.length; i++) pushRow(builder, rows[i], i);
  return builder.finish<Row>();
}

function pushRow(builder: TableBuilder, row: unknown, index: number): void {
  if (typeof row !== "object" || row === null || Object.getPrototypeOf(row) !== Object.prototype) refuseRow(row, index);
  const record = row as Readonly<Record<string, unknown>>;
  let position = 0;
  for (const key in record) builder.columnAt(position++, key, record)?.push(index, record[key]);
}

function refuseRow(row: unknown, index: number): never {
  const what = typeof row === "object" && row !== null && Object.getPrototypeOf(row) === null;
  throw new InvalidColumnTableError(
    "rows",
    [index],
    what ? "is an object without a prototype" : `is ${describeCell(row)}`,
    "Give plain objects: { key: value }.",
  );
}

function declaredTypes(types: object): Map<string, ColumnType> {
  const declared = new Map<string, ColumnType>();
  const entries: [string, unknown][] = Object.entries(types);
  for (const [name, type] of entries) {
    if (type === undefined) continue;
    if (!isColumnType(type))
      throw new InvalidColumnTableError(
        "table",
        [name],
        `has the type ${JSON.stringify(type)}, which is not a column type`,
        "Give a column type, such as int32, float64, string or date.",
      );
    declared.set(name, type);
  }
  return declared;
}
