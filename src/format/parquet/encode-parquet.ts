import type { SchemaElement } from "hyparquet";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { StructType } from "../../table/column.ts";
import { type Column, type ColumnType, MARK, type NumberListType } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { type ExactTextType, isExactTextType } from "../../table/exact-text.ts";
import { fieldsOf, isStructType } from "../../table/struct-type.ts";
import { elementTypeOf, isNumberList, isNumberListType } from "../../table/typed-values.ts";
import { loadParquetWriter } from "../../util/peers/peers.ts";
import { decodedBytesAllowed } from "../decode-budget.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { isNumericColumnType, rowBytesOf } from "../tabular/column-arrays.ts";
import { bytesOf, cutRows } from "../tabular/cut-rows.ts";
import type { ColumnTypes } from "../tabular/declared-types.ts";
import { isAllNull } from "../tabular/is-all-null.ts";
import { isFloatList, writeFloatLists } from "./encode-lists.ts";
import { exactCountOf, exactElementOf } from "./exact-elements.ts";
import { listBytesOf } from "./fill-lists.ts";
import { createNote } from "./note.ts";
import { compressorsOf, type ParquetCodec } from "./page-compression.ts";

/** Options for writing a Parquet file. */
export interface ParquetWriting {
  readonly rowGroupRows: number;
  readonly codec: ParquetCodec;
  /**
   * The most bytes of texts or bytes that one column has in one row group, since a row group is in
   * memory as a whole. 256 MiB by default.
   */
  readonly rowGroupBytes?: number | undefined;
  /**
   * The types that the user has declared. A column with a declared type keeps it even if all its
   * values are null.
   */
  readonly types?: ColumnTypes | undefined;
}

const ROW_GROUP_BYTES = 2 ** 28;

type Cells = NonNullable<
  Parameters<import("hyparquet-writer").ParquetWriter["write"]>[0]
>["columnData"][number]["data"];

/**
 * Parquet's types in the schema, for each type of column. Whole numbers have their logical type in
 * the older notation only: hyparquet-writer writes the newer one in a form that stricter readers
 * refuse.
 */
type Element = Omit<SchemaElement, "name">;

/** The types whose values lie in one chunk, in a type that depends on nothing else. */
type PlainColumnType = Exclude<ColumnType, NumberListType | ExactTextType | StructType>;

const ELEMENTS: { readonly [Type in PlainColumnType]: Element } = {
  int8: { type: "INT32", converted_type: "INT_8" },
  uint8: { type: "INT32", converted_type: "UINT_8" },
  int16: { type: "INT32", converted_type: "INT_16" },
  uint16: { type: "INT32", converted_type: "UINT_16" },
  int32: { type: "INT32" },
  uint32: { type: "INT32", converted_type: "UINT_32" },
  int64: { type: "INT64" },
  uint64: { type: "INT64", converted_type: "UINT_64" },
  float32: { type: "FLOAT" },
  float64: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  date: {
    type: "INT64",
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  },
  bytes: { type: "BYTE_ARRAY" },
  value: { type: "BYTE_ARRAY", converted_type: "JSON", logical_type: { type: "JSON" } },
};

/** The type of a column that holds only nulls. */
const NULLS: Element = { type: "INT32", logical_type: { type: "NULL" } };
/**
 * Written if a table has no columns: some tools refuse a file without columns, and with it all
 * files that they read together. A column of this type can be joined with those of every other
 * file.
 */
const PLACEHOLDER: SchemaElement = { name: "(no columns)", ...NULLS, repetition_type: "OPTIONAL" };

function schemaOf(columns: readonly Column[], elementOf: (column: Column) => Element): SchemaElement[] {
  const below = columns.flatMap((column): SchemaElement[] => {
    const repetition_type = column.marks === undefined ? ("REQUIRED" as const) : ("OPTIONAL" as const);
    if (isStructType(column.type)) return structSchema(column.name, column.type, repetition_type);
    if (!isNumberListType(column.type)) return [{ name: column.name, ...elementOf(column), repetition_type }];
    return [
      { name: column.name, repetition_type, num_children: 1, ...LIST },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "REQUIRED", ...ELEMENTS[elementTypeOf(column.type)] },
    ];
  });
  return [{ name: "root", num_children: columns.length }, ...below];
}

/** Every field is optional, so that the schema does not depend on the records of one payload. */
function structSchema(name: string, type: StructType, repetition_type: "REQUIRED" | "OPTIONAL"): SchemaElement[] {
  const fields = fieldsOf(type);
  const below = fields.flatMap(([field, fieldType]): SchemaElement[] =>
    isStructType(fieldType)
      ? structSchema(field, fieldType, "OPTIONAL")
      : [{ name: field, ...elementOfType(fieldType), repetition_type: "OPTIONAL" }],
  );
  return [{ name, repetition_type, num_children: fields.length }, ...below];
}

function elementOfType(type: PlainColumnType | ExactTextType): Element {
  return isExactTextType(type) ? exactElementOf(type) : ELEMENTS[type];
}

/** The type of a column of lists, whose numbers are two levels below it. */
const LIST: Element = { converted_type: "LIST", logical_type: { type: "LIST" } };

/**
 * Encodes a table as a Parquet file.
 *
 * @throws {@link MissingPeerError} if `hyparquet-writer` is not installed
 */
export async function encodeParquet(
  { columns, rowCount }: ColumnTable,
  { rowGroupRows, codec, rowGroupBytes = ROW_GROUP_BYTES, types = {} }: ParquetWriting,
): Promise<readonly Uint8Array[]> {
  const { ByteWriter, ParquetWriter } = await loadParquetWriter();
  const isUnknown = (column: Column): boolean => !Object.hasOwn(types, column.name) && isAllNull(column);
  const elementOf = (column: Column): Element =>
    isUnknown(column) || isNumberListType(column.type) || isStructType(column.type)
      ? NULLS
      : elementOfType(column.type);
  const isPlaceheld = columns.length === 0 && rowCount === 0;
  const chunks: Uint8Array[] = [];
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    // The writer calls this after each row group. The bytes are taken from it, so that only one row
    // group is in memory.
    writer: Object.assign(bytes, {
      flush() {
        chunks.push(bytes.getBytes().slice());
        bytes.index = 0;
      },
    }),
    // JSON text is declared as bytes: given JSON, hyparquet-writer would convert the values itself,
    // and change some of them.
    schema: schemaOf(columns, (column) =>
      isUnknown(column) || column.type !== "value" ? elementOf(column) : { type: "BYTE_ARRAY" },
    ),
    codec: codec.toUpperCase() as "SNAPPY",
    compressors: compressorsOf(codec),
    createdBy: "persistable-ts",
    kvMetadata: [createNote(columns, isPlaceheld)],
  });
  for (let start = 0, end = 0; start < rowCount && columns.length > 0; start = end) {
    const mostRows = Math.min(rowGroupRows, rowCount - start);
    const rows = cutRows("parquet", columns, start, { mostRows, mostBytes: rowGroupBytes });
    end = rows.end;
    const others = columns.filter(({ type }) => !isFloatList(type));
    await writer.write({
      columnData: others.map((column) => {
        const data = cellsOf(column, start, end, rows.texts.get(column));
        return { name: column.name, data, ...(isPlain(column, data) ? { encoding: "PLAIN" as const } : {}) };
      }),
      rowGroupSize: end - start,
    });
    await writeFloatLists(writer, columns, start, end);
  }
  // Rows of a table without columns are in no row group, so the writer does not count them.
  if (columns.length === 0) writer.num_rows = BigInt(rowCount);
  writer.schema = isPlaceheld ? [{ name: "root", num_children: 1 }, PLACEHOLDER] : schemaOf(columns, elementOf);
  await writer.finish();
  chunks.push(bytes.getBytes().slice());
  refuseBomb(columns, rowCount, chunks);
  return chunks;
}

/**
 * Returns some rows of a column as hyparquet-writer takes them: a typed array if no row is null,
 * else a list that contains null.
 */
function cellsOf(column: Column, start: number, end: number, texts: readonly string[] | undefined): Cells {
  const { type, values } = column;
  const marks = column.marks?.subarray(start, end);
  const isNull = (row: number): boolean => marks !== undefined && marks[row] !== MARK.present;
  if (texts !== undefined) return texts.slice(0, end - start).map((text, row) => (isNull(row) ? null : text));
  const part: ArrayLike<unknown> = ArrayBuffer.isView(values) ? values.subarray(start, end) : values.slice(start, end);
  const convert = conversionOf(type);
  if (convert === undefined && (marks === undefined || !marks.includes(MARK.null))) return part as Cells;
  return Array.from(part, (value, row) => (isNull(row) ? null : convert === undefined ? value : convert(value)));
}

function conversionOf(type: ColumnType): ((value: unknown) => unknown) | undefined {
  if (isExactTextType(type)) return exactCountOf(type);
  if (isStructType(type)) return structOf(type);
  return isNumberListType(type) ? listOf : CONVERSIONS[type];
}

const CONVERSIONS: { readonly [Type in ColumnType]?: (value: unknown) => unknown } = {
  boolean: (value) => value === 1,
  // The values are passed as a list, since the writer refuses Uint32Arrays with values of 2^31 or
  // more.
  uint32: (value) => value,
  date: (value) => BigInt(Number(value)),
};

/** Returns a function that converts the fields of a record of this type. */
function structOf(type: StructType): (record: unknown) => object {
  const fields = fieldsOf(type).map(([name, fieldType]) => [name, fieldConversionOf(fieldType)] as const);
  return (record) => {
    const values: Readonly<Record<string, unknown>> = Object(record);
    const converted = fields.map(([name, convert]): [string, unknown] => {
      const value = values[name];
      return [name, value === null || convert === undefined ? value : convert(value)];
    });
    return Object.fromEntries(converted);
  };
}

/** A field of a record has booleans and Dates themselves, where a column has numbers. */
function fieldConversionOf(type: ColumnType): ((value: unknown) => unknown) | undefined {
  if (type === "boolean") return undefined;
  return type === "date" ? (date) => BigInt(Number(date)) : conversionOf(type);
}

function listOf(list: unknown): unknown {
  return isNumberList(list) ? Array.from<unknown>(list) : list;
}

/**
 * Whether a column must not have a dictionary, which would treat -0 and 0 as the same value. A
 * struct may have fields of floating-point numbers.
 */
function isPlain({ type }: Column, cells: Cells): boolean {
  if (isStructType(type)) return true;
  if (type !== "float64" && type !== "float32") return false;
  for (const cell of cells) if (cell === 0 && Object.is(cell, -0)) return true;
  return false;
}

/** Refuses a table that decoding would later refuse by the default limits. */
function refuseBomb(columns: readonly Column[], rowCount: number, chunks: readonly Uint8Array[]): void {
  let encoded = 0;
  for (const chunk of chunks) encoded += chunk.length;
  let decoded = 0;
  for (const { type, values, marks } of columns) {
    decoded += rowCount * (rowBytesOf(type) + (marks === undefined ? 0 : 1));
    if (isNumericColumnType(type)) continue;
    for (const value of values) {
      if (isNumberListType(type)) decoded += listBytesOf(type, isNumberList(value) ? Math.max(1, value.length) : 1);
      else if (typeof value === "string" || value instanceof Uint8Array) decoded += value.length;
      else if (isStructType(type)) decoded += bytesOf(value);
    }
  }
  if (decoded > decodedBytesAllowed(encoded, defaultDecodeLimits))
    throw new UnsupportedPayloadError(
      "parquet",
      [],
      `compresses more than ${defaultDecodeLimits.maxRatio} to 1`,
      "Use arrow() or npy(), or smaller row groups.",
    );
}
