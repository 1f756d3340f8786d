import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { columnTableProblem } from "../../table/assert-column-table.ts";
import { type Column, MARK } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { columnsOfStruct, isStructColumn } from "../../table/struct-columns.ts";
import { tableFromRows } from "../../table/table-from-rows.ts";
import { isNumberListColumn } from "../../table/typed-values.ts";
import { isPromise } from "../../util/is-promise.ts";
import type { AnyFormat, Format, FormatFor } from "../format.ts";
import { LastChecked } from "../last-checked.ts";
import { hasExtraKeys } from "../own-keys.ts";
import { viewProblem } from "../view-problem.ts";
import { checkRows } from "./check-rows.ts";
import type { ColumnTypes } from "./declared-types.ts";
import { filledTable } from "./filled-table.ts";
import { tableOfChecked } from "./table-of-rows.ts";
import type { TableCodec, TabularOptions } from "./tabular.ts";

const EXTRA_KEYS = ["is an array with keys of its own", "Use a column for what they say."] as const;

/** Settings of `tabular`: the options that users give a format, and the types that it resolved. */
export interface TabularSettings extends TabularOptions {
  /**
   * The declared types of columns of records. These columns come first, in this order, even if no
   * row has them.
   */
  readonly types?: ColumnTypes | undefined;
}

/**
 * Makes a format of tables, or with `{ rows: true }` of arrays of plain records, from a codec of
 * tables. `codec.check` only gets valid tables. When it refuses a cell, it gives the path
 * `[row, name of the column]`, and for a column `[name]`.
 */
export function tabular(
  codec: TableCodec,
  settings: TabularSettings & { readonly rows: true },
): FormatFor<readonly object[]>;
export function tabular(
  codec: TableCodec,
  settings?: TabularSettings & { readonly rows?: false | undefined },
): FormatFor<ColumnTable<never>>;
export function tabular(
  codec: TableCodec,
  settings?: TabularSettings,
): FormatFor<ColumnTable<never>> | FormatFor<readonly object[]>;
export function tabular(codec: TableCodec, settings: TabularSettings = {}): AnyFormat {
  return settings.rows === true ? rowsFormat(codec, settings) : columnTableFormat(codec);
}

function columnTableFormat(codec: TableCodec): TableCodec {
  return {
    ...headOf(codec),
    check(table) {
      checkTable(codec.id, table);
      return codec.check(filledTable(table));
    },
    encode: (table) => codec.encode(filledTable(table)),
    decode: (bytes, limits) => codec.decode(bytes, limits),
  };
}

function rowsFormat(codec: TableCodec, { types }: TabularSettings): Format<readonly object[]> {
  const checked = new LastChecked<readonly object[], ColumnTable>();
  const tableOf = (rows: readonly object[]): ColumnTable =>
    types === undefined ? tableOfChecked(codec.id, rows) : typedTableOf(codec.id, rows, types);
  return {
    ...headOf(codec),
    check(rows) {
      const table = tableOf(rows);
      checked.keep(rows, table);
      return codec.check(table);
    },
    encode: (rows) => codec.encode(checked.of(rows) ?? tableOf(rows)),
    decode(bytes, limits) {
      const table = codec.decode(bytes, limits);
      return isPromise(table) ? table.then((settled) => settled.toRows()) : table.toRows();
    },
  };
}

function typedTableOf(format: string, rows: readonly object[], types: ColumnTypes): ColumnTable {
  checkRows(format, rows, types);
  const table = tableFromRows(rows as readonly Record<string, unknown>[], { types });
  const others = table.columns.map(({ name }) => name).filter((name) => !Object.hasOwn(types, name));
  return table.select([...Object.keys(types), ...others]);
}

function headOf({
  id,
  extension,
  inline,
  selectColumns,
}: TableCodec): Pick<TableCodec, "id" | "extension" | "inline" | "selectColumns"> {
  return { id, extension, inline, ...(selectColumns === undefined ? {} : { selectColumns }) };
}

function checkTable(format: string, table: ColumnTable): void {
  const problem = columnTableProblem(table);
  if (problem !== undefined)
    throw new UnsupportedPayloadError(
      format,
      ...problem,
      "Make tables with tableFromRows, or say { rows: true } for an array of records.",
    );
  if (hasExtraKeys(table.columns)) throw new UnsupportedPayloadError(format, ["columns"], ...EXTRA_KEYS);
  for (const column of table.columns) checkMemory(format, column);
}

/**
 * Refuses arrays that a valid table may use and that would not come back as they were, such as
 * those with keys of their own or in shared memory.
 */
function checkMemory(format: string, column: Column): void {
  const { name, values, marks } = column;
  if (Array.isArray(values) && hasExtraKeys(values)) throw new UnsupportedPayloadError(format, [name], ...EXTRA_KEYS);
  for (const view of [values, marks]) {
    const problem = ArrayBuffer.isView(view) ? viewProblem(view) : undefined;
    if (problem !== undefined) throw new UnsupportedPayloadError(format, [name], ...problem);
  }
  if (isStructColumn(column)) for (const field of columnsOfStruct(column)) checkMemory(format, field);
  if (column.type !== "bytes" && !isNumberListColumn(column)) return;
  for (const [row, list] of column.values.entries()) {
    const problem = marks === undefined || marks[row] === MARK.present ? viewProblem(list) : undefined;
    if (problem !== undefined) throw new UnsupportedPayloadError(format, [row, name], ...problem);
  }
}
