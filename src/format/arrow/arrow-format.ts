import type { ColumnTable } from "../../table/column-table.ts";
import type { AnyFormat, FormatFor } from "../format.ts";
import { checkColumns } from "../tabular/check-columns.ts";
import { type ColumnTypes, type TypedRow, typesOfRows } from "../tabular/declared-types.ts";
import type { TableCodec, TypedTabularOptions } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { readArrow } from "./decode-arrow.ts";
import { encodeArrowFile } from "./encode-arrow.ts";

/**
 * Apache Arrow's file format (IPC, "Feather V2"), for tables or for arrays of records: the quickest to read and write, and what pandas,
 * Polars and DuckDB map into memory. Numbers are written from where they lie and loaded as views of the file's bytes.
 *
 * Every type of column comes back as it was; nested values (`value`) are written as JSON. A row that lacks a key which others have is
 * refused, as are invalid Dates, and what JSON would change. Files of other writers are read by their own schema: timestamps cut
 * off to the millisecond and refused where no Date can hold them, decimals to the nearest number; compressed buffers, and columns of lists, structures and maps, are not read.
 *
 * With `types`, the columns of records do not depend on the values of one payload. Without, a column that is only null has Arrow's type for that.
 *
 * Writing needs the package `apache-arrow`; reading needs none.
 *
 * @throws {@link DefinitionError} for `types` that there are not, or without `rows`
 *
 * @example
 * ```ts
 * definePersistable({ name: "trips", generate: () => tableFromRows(trips), format: arrow() });
 * definePersistable({ name: "cities", generate: () => [{ name: "Bern", people: 134_000 }], format: arrow({ rows: true }) });
 * ```
 */
export function arrow<const Types extends ColumnTypes>(
  options: TypedTabularOptions & { readonly rows: true; readonly types: Types },
): FormatFor<readonly TypedRow<Types>[]>;
export function arrow(
  options: TypedTabularOptions & { readonly rows: true; readonly types?: undefined },
): FormatFor<readonly object[]>;
export function arrow(
  options?: TypedTabularOptions & { readonly rows?: false | undefined; readonly types?: undefined },
): FormatFor<ColumnTable<never>>;
export function arrow(
  options?: TypedTabularOptions & { readonly types?: undefined },
): FormatFor<ColumnTable<never>> | FormatFor<readonly object[]>;
export function arrow(options: TypedTabularOptions = {}): AnyFormat {
  const { rows } = options;
  const types = typesOfRows("arrow", options);
  const codec: TableCodec = { ...arrowCodec, encode: (table) => encodeArrowFile(table, { types }) };
  return tabular(codec, { rows, types });
}

/** What `arrow` is made of. */
export const arrowCodec: TableCodec = {
  id: "arrow",
  extension: ".arrow",
  inline: false,
  check: (table) => checkColumns("arrow", table),
  encode: (table) => encodeArrowFile(table),
  decode: (bytes, limits) =>
    readArrow({ sizeBytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) }, {}, limits),
  selectColumns: readArrow,
};
