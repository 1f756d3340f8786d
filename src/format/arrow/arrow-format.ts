import type { ColumnTable } from "../../table/column-table.ts";
import type { AnyFormat, FormatFor } from "../format.ts";
import { checkColumns } from "../tabular/check-columns.ts";
import { type ColumnTypes, type TypedRow, typesOfRows } from "../tabular/declared-types.ts";
import type { TableCodec, TypedTabularOptions } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { readArrow } from "./decode-arrow.ts";
import { encodeArrowFile } from "./encode-arrow.ts";

/**
 * Apache Arrow's file format (IPC, "Feather V2"), for tables or for arrays of records. It is the
 * quickest format to write and to read, and the one that pandas, Polars and DuckDB map into memory.
 * Numbers are written from where they lie in memory, and are loaded as views of the file's bytes.
 *
 * Every type of column comes back as it was. Nested values (`value`) are written as JSON. The
 * format refuses invalid Dates, values that JSON would change, and a row that lacks a key which
 * other rows have.
 *
 * Files of other writers are read by their own schema. Timestamps with a zone are cut off to the
 * millisecond, and refused if no Date can hold them. Dates and times without a zone and decimals
 * come as texts with all their digits: `plainDate`, `plainTime`, `plainDateTime`, `decimal(10,2)`.
 * Lists of numbers are read as typed arrays, structs as records; columns of other lists and of maps
 * are not read. Buffers may be compressed by LZ4 or zstd.
 *
 * With `types`, the columns of records do not depend on the values of one payload. Without them, a
 * column that holds only nulls has Arrow's type `Null`.
 *
 * Writing needs the package `apache-arrow`; reading does not.
 *
 * @throws {@link DefinitionError} for unknown `types`, or for `types` without `rows`
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { arrow } from "persistable-ts/formats/arrow";
 * import { tableFromRows } from "persistable-ts/table";
 *
 * const trips = tableFromRows([{ id: 1, km: 2.5 }]);
 * definePersistable({ name: "trips", generate: () => trips, format: arrow() });
 * definePersistable({
 *   name: "cities",
 *   generate: () => [{ name: "Bern", people: 134_000 }],
 *   format: arrow({ rows: true }),
 * });
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

/** The functions that `arrow` builds its format from. */
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
