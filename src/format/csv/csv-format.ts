import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { CellOf } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { isColumnType } from "../../table/typed-values.ts";
import type { AnyFormat, FormatFor } from "../format.ts";
import type { TableCodec, TabularOptions } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { typedFormatId } from "../tabular/typed-format-id.ts";
import { checkCsv } from "./check-csv.ts";
import { type CsvColumnType, isCsvColumnType } from "./csv-cells.ts";
import { type CsvDelimiter, type CsvLayout, csvDelimiters } from "./csv-layout.ts";
import { decodeCsv } from "./decode-csv.ts";
import { encodeCsv } from "./encode-csv.ts";

/** Column types by column name, in the order of the columns: `{ id: "int32", name: "string" }`. */
export type CsvColumns = Readonly<Record<string, CsvColumnType>>;

/** One row of a CSV file with these columns. An empty cell is null. */
export type CsvRow<Columns extends CsvColumns> = {
  readonly [Name in keyof Columns]: CellOf<Columns[Name]> | null;
};

/** The columns of a CSV file, and the character between its cells. */
export interface CsvOptions<Columns extends CsvColumns = CsvColumns> extends TabularOptions {
  /**
   * The columns of the table, which a CSV file does not describe. By default every column is text.
   */
  readonly columns?: Columns | undefined;
  /** The character between cells, `,` by default. */
  readonly delimiter?: CsvDelimiter | undefined;
}

/**
 * Comma-separated values as in RFC 4180, for spreadsheets and every other tool: UTF-8, a line of
 * column names, and lines that end in CR LF. Payloads are tables, or with `{ rows: true }` arrays
 * of plain records. Columns are declared, since a CSV file does not say what type its cells have.
 * Without a declaration every column is text.
 *
 * Null is an empty cell, and empty text is `""` in quotes. Numbers are written with all their
 * digits, or as `NaN`, `Infinity` and `-0`; dates as ISO 8601; booleans as `true` and `false`;
 * bytes in base64. Text is written as it is, even if a spreadsheet would take it for a formula.
 *
 * The format refuses what would not come back: keys that only some rows have, invalid dates, lone
 * surrogates. It ignores a byte order mark before the first name, which Excel writes.
 *
 * @throws {@link DefinitionError} for an unknown column type or delimiter.
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { csv } from "persistable-ts/formats/csv";
 *
 * definePersistable({
 *   name: "people",
 *   format: csv({ columns: { id: "int32", name: "string", born: "date" }, rows: true }),
 *   generate: () => [{ id: 1, name: "Ada", born: new Date("1815-12-10") }],
 * });
 * ```
 */
export function csv<const Columns extends CsvColumns>(
  options: CsvOptions<Columns> & { readonly columns: Columns; readonly rows: true },
): FormatFor<readonly CsvRow<Columns>[]>;
export function csv<const Columns extends CsvColumns>(
  options: CsvOptions<Columns> & { readonly columns: Columns; readonly rows?: false | undefined },
): FormatFor<ColumnTable<CsvRow<Columns>>>;
export function csv(options: CsvOptions<never> & { readonly rows: true }): FormatFor<readonly object[]>;
export function csv(
  options?: CsvOptions<never> & { readonly rows?: false | undefined },
): FormatFor<ColumnTable<object>>;
export function csv(options: CsvOptions = {}): AnyFormat {
  const layout = layoutOf(options);
  const codec: TableCodec = {
    id: typedFormatId(
      "csv",
      layout.delimiter === "," ? [] : [csvDelimiters[layout.delimiter]],
      layout.columns?.values() ?? [],
    ),
    extension: layout.delimiter === "\t" ? ".tsv" : ".csv",
    inline: false,
    check: (table) => checkCsv(table, layout),
    encode: (table) => encodeCsv(table, layout),
    decode: (bytes, limits) => decodeCsv(bytes, layout, limits),
  };
  return tabular(codec, { rows: options.rows, types: options.columns });
}

function layoutOf({ columns, delimiter = "," }: CsvOptions): CsvLayout {
  if (!Object.hasOwn(csvDelimiters, delimiter))
    throw new DefinitionError(`csv cannot set cells apart by ${JSON.stringify(delimiter)}. Use , ; | or "\\t".`);
  if (columns === undefined) return { delimiter };
  const declared = new Map(Object.entries(columns));
  for (const [name, type] of declared)
    if (!isColumnType(type) || !isCsvColumnType(type))
      throw new DefinitionError(
        `csv has no cells of type ${JSON.stringify(type)}, as column ${JSON.stringify(name)} is declared. Declare int32, float64, string, date or another type; for lists and nested values use ndjson() or parquet().`,
      );
  return { delimiter, columns: declared };
}
