import type { ColumnTable } from "../../table/column-table.ts";
import type { AnyFormat, FormatFor } from "../format.ts";
import { checkColumns } from "../tabular/check-columns.ts";
import { type ColumnTypes, type TypedRow, typesOfRows } from "../tabular/declared-types.ts";
import type { TableCodec, TypedTabularOptions } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { readParquet } from "./decode-parquet.ts";
import { encodeParquet } from "./encode-parquet.ts";
import { compressorsOf, type ParquetCodec } from "./page-compression.ts";

export type { ParquetCodec } from "./page-compression.ts";

/** Options of `parquet`. Only `rows` matters for reading. */
export interface ParquetOptions extends TypedTabularOptions {
  /**
   * How many rows are written as one row group. To read a part of a table, whole row groups are
   * read. 100,000 by default.
   */
  readonly rowGroupRows?: number | undefined;
  /** How pages are compressed: `"snappy"` by default. */
  readonly codec?: ParquetCodec | undefined;
}

const DEFAULT_ROW_GROUP_ROWS = 100_000;

/**
 * Apache Parquet, for tables or for arrays of records. Files are small, nearly every tool that
 * reads tables can read them, and a part of a table can be read alone: some columns or rows take
 * only their own bytes and the footer.
 *
 * Every type of column comes back as it was. Nested values (`value`) are written as JSON. The
 * format refuses invalid Dates, values that JSON would change, and a row that lacks a key which
 * other rows have.
 *
 * Files of other writers are read by their own schema. Timestamps with a zone are cut off to the
 * millisecond, and refused if no Date can hold them. Dates and times without a zone and decimals
 * come as texts with all their digits: `plainDate`, `plainTime`, `plainDateTime`, `decimal(10,2)`.
 * Lists of numbers are read as typed arrays, structs as records; columns of other lists and of maps
 * are not read.
 *
 * Other tools can read the files of many payloads as one table (`FROM 'data/trips/*.parquet'`), if
 * they have the same columns. With `types` they do, even if a payload is empty or a column holds
 * only nulls. Without `types`, a column that holds only nulls has Parquet's type for nulls. That
 * type goes with every other one, if the tool joins files by the names of their columns (DuckDB:
 * `union_by_name`).
 *
 * Writing needs the package `hyparquet-writer`. Reading needs `hyparquet` for pages that snappy
 * compressed.
 *
 * @throws {@link DefinitionError} for unknown `types`, or for `types` without `rows`
 * @throws RangeError if `rowGroupRows` is not a positive whole number
 * @throws {@link CompressionUnavailableError} for zstd on Node before 22.15
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { parquet } from "persistable-ts/formats/parquet";
 * import { tableFromRows } from "persistable-ts/table";
 *
 * const trips = tableFromRows([{ id: 1, km: 2.5 }]);
 * definePersistable({ name: "trips", generate: () => trips, format: parquet() });
 * definePersistable({
 *   name: "cities",
 *   generate: () => [{ name: "Bern", people: 134_000 }],
 *   format: parquet({ rows: true }),
 * });
 * ```
 */
export function parquet<const Types extends ColumnTypes>(
  options: ParquetOptions & { readonly rows: true; readonly types: Types },
): FormatFor<readonly TypedRow<Types>[]>;
export function parquet(
  options: ParquetOptions & { readonly rows: true; readonly types?: undefined },
): FormatFor<readonly object[]>;
export function parquet(
  options?: ParquetOptions & { readonly rows?: false | undefined; readonly types?: undefined },
): FormatFor<ColumnTable<never>>;
export function parquet(
  options?: ParquetOptions & { readonly types?: undefined },
): FormatFor<ColumnTable<never>> | FormatFor<readonly object[]>;
export function parquet(options: ParquetOptions = {}): AnyFormat {
  const { rows } = options;
  const types = typesOfRows("parquet", options);
  return tabular(parquetCodec({ ...options, types }), { rows, types });
}

/** The functions that `parquet` builds its format from. */
export function parquetCodec(options: ParquetOptions = {}): TableCodec {
  const { rowGroupRows = DEFAULT_ROW_GROUP_ROWS, codec = "snappy", types } = options;
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1)
    throw new RangeError(`rowGroupRows is ${rowGroupRows}, and must be a whole number from 1 on.`);
  compressorsOf(codec);
  return {
    id: "parquet",
    extension: ".parquet",
    inline: false,
    check: (table) => checkColumns("parquet", table),
    encode: (table) => encodeParquet(table, { rowGroupRows, codec, types }),
    decode: (bytes, limits) =>
      readParquet({ sizeBytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) }, {}, limits),
    selectColumns: readParquet,
  };
}
