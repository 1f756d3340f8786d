import { InvalidColumnTableError } from "../errors/table-errors.ts";
import type { ColumnType, ColumnTypeOf } from "./column.ts";
import { ColumnBuilder } from "./column-builder.ts";
import { ColumnTable } from "./column-table.ts";
import { describeCell } from "./describe-cell.ts";
import { isColumnType } from "./typed-values.ts";

/** How rows become columns. */
export interface TableFromRowsOptions<Row extends object> {
  /** For columns that should not have the type that their values ask for: `{ id: "int32" }`. A column that no row has is empty, and of this type. */
  readonly types?: { readonly [Key in keyof Row]?: ColumnTypeOf<Row[Key]> } | undefined;
}

/**
 * Rows as a table. Each column has the type that its values ask for: number `float64`, bigint within 64 bits `int64`, `boolean`, `string`, Date `date`, Uint8Array `bytes`; `value` for
 * everything else, and for values of several types. `null` and keys that a row lacks are marks, and do not change a type. The columns stand in the order in which the rows
 * first have them. What is no number is not copied.
 *
 * `table.toRows()` gives equal rows again; only the order of keys is that of the columns.
 *
 * @throws {@link InvalidColumnTableError} where a row is no plain object, or a value does not fit the type that was declared.
 *
 * @example
 * ```ts
 * const table = tableFromRows([{ id: 1, name: "a" }, { id: 2, name: null }], { types: { id: "int32" } });
 * table.column("id").values; // Int32Array [1, 2]
 * ```
 */
export function tableFromRows<Row extends object>(
  rows: readonly Row[],
  options: TableFromRowsOptions<Row> = {},
): ColumnTable<Row> {
  const declared = declaredTypes(options.types ?? {});
  const builders: ColumnBuilder[] = [];
  const byName = new Map<string, ColumnBuilder>();
  const builderOf = (name: string): ColumnBuilder => {
    let builder = byName.get(name);
    if (builder === undefined) {
      builder = new ColumnBuilder(name, rows.length, declared.get(name));
      byName.set(name, builder);
      builders.push(builder);
    }
    return builder;
  };
  for (let i = 0; i < rows.length; i++) pushRow(rows[i], i, builders, builderOf);
  for (const name of declared.keys()) builderOf(name);
  return new ColumnTable<Row>(
    builders.map((builder) => builder.finish()),
    rows.length,
  );
}

function pushRow(
  row: unknown,
  index: number,
  builders: readonly ColumnBuilder[],
  builderOf: (name: string) => ColumnBuilder,
): void {
  if (typeof row !== "object" || row === null || Object.getPrototypeOf(row) !== Object.prototype) refuseRow(row, index);
  const record = row as Readonly<Record<string, unknown>>;
  let position = 0;
  // `for in` reads the keys and values of objects of one shape without a list of them; a row like the ones before asks for no name.
  for (const key in record) {
    let builder = builders[position++];
    if (builder?.name !== key) {
      // What was added to Object.prototype comes along here, too.
      if (!Object.hasOwn(record, key)) continue;
      builder = builderOf(key);
    }
    builder.push(index, record[key]);
  }
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
  for (const [name, type] of Object.entries(types) as [string, unknown][]) {
    if (type === undefined) continue;
    if (!isColumnType(type))
      throw new InvalidColumnTableError(
        "table",
        [name],
        `has the type ${JSON.stringify(type)}, which there is not`,
        "Give a column type, such as int32, float64, string or date.",
      );
    declared.set(name, type);
  }
  return declared;
}
