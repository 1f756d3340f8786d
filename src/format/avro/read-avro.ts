import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { Column, ColumnType } from "../../table/column.ts";
import { ColumnBuilder } from "../../table/column-builder.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { isNumberListType, joinNumbers } from "../../table/typed-values.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { resolveDecodeLimits } from "../decode-limits.ts";
import type { DecodeLimits } from "../format.ts";
import { type FileSource, readFileSource } from "../read-file-source.ts";
import { type RecordBlock, readBlocks } from "./container.ts";
import { parseForeignSchema } from "./parse-schema.ts";
import type { AvroLongs, AvroType } from "./schema.ts";

/** How the file of another writer is read. */
export interface ReadAvroOptions {
  /** The columns to return; all by default. */
  readonly columns?: readonly string[] | undefined;
  /** The type of a `long`: by default a bigint, which holds all of them; or a number below 2^53. */
  readonly longs?: AvroLongs | undefined;
  /** Bounds on what decoding may build. */
  readonly limits?: Partial<DecodeLimits> | undefined;
}

/** The name of the column of a file whose records are not records, but single values. */
const ONLY_COLUMN = "value";

/**
 * Reads an Avro file of any program, by the schema that it carries, as a table with a column for
 * each field.
 *
 * `int`, `long`, `float`, `double`, `boolean`, `string`, `bytes` and arrays of numbers are columns
 * of their own types; enums are texts, and `fixed` is bytes. A timestamp is a Date, of the
 * millisecond in which it lies; dates and times without a zone are of the types `plainDate` and
 * likewise, and decimals of theirs. Everything else is a column of plain objects, arrays and other
 * values. Blocks may be compressed by deflate, snappy or zstandard.
 *
 * @param source - the bytes of the file, its path, or its `file:` URL
 * @throws {@link DecodeError} if the file is damaged, or lacks a column that was asked for;
 * {@link DecodeLimitError}
 *
 * @example
 * ```ts
 * import { readAvro } from "persistable-ts/formats/avro";
 *
 * const trips = await readAvro("trips.avro");
 * trips.column("km").values; // Float64Array
 * trips.toRows(); // [{ id: 1n, km: 2.5, note: null }]
 * ```
 */
export async function readAvro(source: FileSource, options: ReadAvroOptions = {}): Promise<ColumnTable> {
  const { columns: wanted, longs = "bigint" } = options;
  const limits = resolveDecodeLimits(options.limits);
  const bytes = await readFileSource(source);
  const reading = { longs, logical: true, resolve: parseForeignSchema };
  const columns: AvroColumn[] = [];
  let fields: readonly Field[] = [];
  let rowCount = 0;
  for await (const block of readBlocks(bytes, limits, reading)) {
    if (columns.length === 0) {
      fields = fieldsToRead(block, longs, wanted);
      columns.push(...fields.map(() => []));
    }
    rowCount = readRows(block, { fields, columns, rowCount, limits });
  }
  return new ColumnTable(
    fields.map(({ name, type }, i) => columnOf(name, type, columns[i] ?? [])),
    rowCount,
  );
}

/** The values of a column, one for each row. */
type AvroColumn = unknown[];

interface Field {
  readonly name: string;
  readonly type: ColumnType;
}

function fieldsToRead({ type }: RecordBlock, longs: AvroLongs, wanted: readonly string[] | undefined): Field[] {
  const all = type.kind === "record" ? type.fields : [{ name: ONLY_COLUMN, type }];
  const unknown = wanted?.find((name) => !all.some((field) => field.name === name));
  if (unknown !== undefined)
    throw new DecodeError(
      "avro",
      `they have no column ${JSON.stringify(unknown)}; there are ${all.map(({ name }) => name).join(", ")}`,
    );
  return all
    .filter(({ name }) => wanted === undefined || wanted.includes(name))
    .map((field) => ({ name: field.name, type: columnTypeOf(field.type, longs) }));
}

function readRows(
  block: RecordBlock,
  into: { fields: readonly Field[]; columns: readonly AvroColumn[]; rowCount: number; limits: DecodeLimits },
): number {
  let { rowCount } = into;
  for (const record of block.records()) {
    const values = block.type.kind === "record" ? fieldsOf(record) : { [ONLY_COLUMN]: record };
    for (const [i, { name }] of into.fields.entries()) into.columns[i]?.push(values[name]);
    rowCount += 1;
    if (rowCount > into.limits.maxNodes) throw new DecodeLimitError("avro", "maxNodes", into.limits.maxNodes);
  }
  return rowCount;
}

/** The type of a column for a type of Avro; a union with null only makes a column nullable. */
function columnTypeOf(type: AvroType, longs: AvroLongs): ColumnType {
  if ("logical" in type && type.logical !== undefined) return type.logical.column;
  switch (type.kind) {
    case "boolean":
    case "string":
    case "bytes":
      return type.kind;
    case "int":
      return "int32";
    case "long":
      return longs === "bigint" ? "int64" : "float64";
    case "float":
      return "float32";
    case "double":
      return "float64";
    case "enum":
      return "string";
    case "fixed":
      return "bytes";
    case "array":
      return listTypeOf(type.items, longs);
    case "union": {
      const branches = type.branches.filter(({ kind }) => kind !== "null");
      return branches.length === 1 && branches[0] !== undefined ? columnTypeOf(branches[0], longs) : "value";
    }
    default:
      return "value";
  }
}

function listTypeOf(items: AvroType, longs: AvroLongs): ColumnType {
  if ("logical" in items && items.logical !== undefined) return "value";
  if (items.kind === "int") return "int32[]";
  if (items.kind === "long") return longs === "bigint" ? "int64[]" : "float64[]";
  if (items.kind === "float") return "float32[]";
  return items.kind === "double" ? "float64[]" : "value";
}

function columnOf(name: string, type: ColumnType, values: AvroColumn): Column {
  const builder = new ColumnBuilder(name, values.length, type);
  for (const [row, value] of values.entries()) {
    if (value === undefined)
      throw new DecodeError(
        "avro",
        `row ${row} of column ${JSON.stringify(name)} is beyond what a column of type ${type} holds. The other columns can be read without it: readAvro(source, { columns: […] })`,
      );
    builder.push(row, cellOf(type, value));
  }
  return builder.finish();
}

/** Bytes are copied, since those that are read lie in the bytes of the file. */
function cellOf(type: ColumnType, value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  return isNumberListType(type) && Array.isArray(value) ? joinNumbers(type, [value]) : value;
}
