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

/** How Parquet is written. Only `rows` matters for reading. */
export interface ParquetOptions extends TypedTabularOptions {
  /** So many rows are written together, and of a part of a table whole groups of rows are read. 100,000 by default. */
  readonly rowGroupRows?: number | undefined;
  /** How pages are compressed: `"snappy"` by default. */
  readonly codec?: ParquetCodec | undefined;
}

const DEFAULT_ROW_GROUP_ROWS = 100_000;

/**
 * Apache Parquet, for tables or for arrays of records: small, read by nearly everything that reads tables, and read in part: some
 * columns or rows take no more than their bytes and the footer.
 *
 * Every type of column comes back as it was; nested values (`value`) are written as JSON. A row that lacks a key which others have is
 * refused, as are invalid Dates, and what JSON would change. Files of other writers are read by their own schema: timestamps cut
 * off to the millisecond and refused where no Date can hold them, decimals to the nearest number; columns of lists, structures and maps are not read.
 *
 * The files of many payloads are read together by others (`FROM 'data/trips/*.parquet'`) where they have the same columns. With `types` they do, also where a payload
 * is empty, or a column only null. Without, a column that is only null has Parquet's type for that, which goes with every other type where the reader joins files by the
 * names of their columns (DuckDB: `union_by_name`).
 *
 * Writing needs the package `hyparquet-writer`, reading pages compressed by snappy `hyparquet`.
 *
 * @throws {@link DefinitionError} for `types` that there are not, or without `rows`
 * @throws RangeError for row groups of no whole number of rows, {@link CompressionUnavailableError} for zstd on Node before 22.15
 *
 * @example
 * ```ts
 * definePersistable({ name: "trips", generate: () => tableFromRows(trips), format: parquet() });
 * definePersistable({ name: "cities", generate: () => [{ name: "Bern", people: 134_000 }], format: parquet({ rows: true }) });
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

/** What `parquet` is made of. */
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
