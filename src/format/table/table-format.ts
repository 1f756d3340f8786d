import { DecodeError } from "../../errors/format-errors.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { bigintArrays, isBigintType, isNumberType, numberArrays } from "../../table/typed-values.ts";
import { at } from "../../util/at.ts";
import { DIGEST_CHUNK_BYTES } from "../../util/digest/digest.ts";
import type { AnyFormat, DecodeLimits, FormatFor, TableSelection } from "../format.ts";
import { LastChecked } from "../last-checked.ts";
import type { PayloadSource } from "../payload-source.ts";
import { type ColumnTypes, type TypedRow, typesOfRows } from "../tabular/declared-types.ts";
import { resolveSelection } from "../tabular/table-selection.ts";
import type { TableCodec } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { decodeColumn, decodeTable, extentsOf } from "./decode-table.ts";
import { encodeTable } from "./encode-table.ts";
import { descriptionPlace, expectFrame, isTail, parseDescription } from "./parse-description.ts";
import { type ColumnDescription, type Extent, HEAD_BYTES, TAIL_BYTES } from "./table-file.ts";

/** Options of {@link table}. */
export interface TableFormatOptions {
  /** Whether the payload is a `ColumnTable` instead of an array of plain records. */
  readonly columns?: boolean | undefined;
  /**
   * For records: the types of columns that should not depend on the values of one payload, such as
   * `{ id: "int32" }`. An empty payload has these columns too. The type of every other column
   * follows from its values.
   */
  readonly types?: ColumnTypes | undefined;
}

/**
 * An array of plain records, or a `ColumnTable`, stored column by column. Numbers come back as
 * views of the file without a copy, and repeated texts are stored once. Nested records and lists
 * are stored as columns of their own, and every other value that can be cloned by `structuredClone`
 * is encoded by the format `structured`. `readTable` reads some columns and rows without the rest.
 * The layout is specified in spec/table.md.
 *
 * @throws {@link DefinitionError} for unknown `types`, or for `types` of a `ColumnTable`
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { table } from "persistable-ts/formats/table";
 * import { tableFromRows } from "persistable-ts/table";
 *
 * definePersistable({ name: "visits", format: table(), generate: () => [{ id: 1, at: new Date(), tags: ["new"] }] });
 * definePersistable({ name: "trips", format: table({ columns: true }), generate: () => tableFromRows([{ id: 1 }]) });
 * ```
 */
export function table<const Types extends ColumnTypes>(options: {
  readonly columns?: false | undefined;
  readonly types: Types;
}): FormatFor<readonly Partial<TypedRow<Types>>[]>;
export function table(options?: {
  readonly columns?: false | undefined;
  readonly types?: undefined;
}): FormatFor<readonly object[]>;
export function table(options: { readonly columns: true; readonly types?: undefined }): FormatFor<ColumnTable<never>>;
export function table(options: TableFormatOptions = {}): AnyFormat {
  const rows = options.columns !== true;
  const types = typesOfRows("table", { rows, types: options.types });
  return rows ? tabular(codec("table"), { rows, types }) : tabular(codec("table(columns)"));
}

function codec(id: string): TableCodec {
  const checked = new LastChecked<ColumnTable, readonly Uint8Array[]>();
  return {
    id,
    extension: ".ptbl",
    inline: false,
    // Only encoding shows whether the format can hold a table, so the result is kept for `encode`.
    check: (payload) => checked.keep(payload, encodeTable(payload)),
    encode: (payload) => checked.of(payload) ?? encodeTable(payload),
    decode: decodeTable,
    selectColumns,
  };
}

async function selectColumns(
  source: PayloadSource,
  selection: TableSelection,
  limits: DecodeLimits,
): Promise<ColumnTable> {
  const { sizeBytes } = source;
  if (sizeBytes < HEAD_BYTES + TAIL_BYTES) throw new DecodeError("table", "they are too short for one");
  const tail = await source.read(sizeBytes - TAIL_BYTES, sizeBytes);
  // Of a larger file only the end is checked: to read the beginning, a chunk of 8 MiB would be read
  // and verified.
  if (sizeBytes <= DIGEST_CHUNK_BYTES || !isTail(tail)) expectFrame(await source.read(0, HEAD_BYTES), tail);
  const { rows, columns } = parseDescription(
    await source.read(...descriptionPlace(sizeBytes, tail)),
    sizeBytes,
    limits,
  );
  const { columnIndexes, start, end } = resolveSelection(
    "table",
    columns.map(({ name }) => name),
    rows,
    selection,
  );
  const selected = await Promise.all(
    columnIndexes.map((index) => readColumn(source, at(columns, index), rows, start, end, limits)),
  );
  return new ColumnTable(selected, end - start);
}

async function readColumn(
  source: PayloadSource,
  column: ColumnDescription,
  rows: number,
  start: number,
  end: number,
  limits: DecodeLimits,
): Promise<ColumnTable["columns"][number]> {
  const narrow = narrowed(column, start, end);
  const known = new Map<Extent, Uint8Array>();
  await Promise.all(
    extentsOf(narrow ?? column).map(async (extent) => {
      known.set(extent, await source.read(extent[0], extent[0] + extent[1]));
    }),
  );
  const bytesAt = (extent: Extent): Uint8Array => known.get(extent) ?? new Uint8Array(0);
  if (narrow !== undefined) return decodeColumn(narrow, end - start, bytesAt, limits);
  const whole = new ColumnTable([decodeColumn(column, rows, bytesAt, limits)], rows);
  return at(whole.slice(start, end).columns, 0);
}

/**
 * Narrows a column of numbers to the rows that are asked for, which lie together. Returns
 * `undefined` for a column that must be read whole.
 */
function narrowed(column: ColumnDescription, start: number, end: number): ColumnDescription | undefined {
  const { type, marks, data } = column;
  if (data.kind !== "numbers" || !(isNumberType(type) || isBigintType(type))) return undefined;
  const { BYTES_PER_ELEMENT: width } = isBigintType(type) ? bigintArrays[type] : numberArrays[type];
  const part = ([at]: Extent, bytes: number): Extent => [at + start * bytes, (end - start) * bytes];
  return {
    ...column,
    ...(marks === undefined ? {} : { marks: part(marks, 1) }),
    data: { kind: "numbers", at: part(data.at, width) },
  };
}
