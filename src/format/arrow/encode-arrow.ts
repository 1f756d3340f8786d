import type { DataType, Field } from "apache-arrow";
import type { Column } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { isExactTextType } from "../../table/exact-text.ts";
import { fieldsOf, isStructType } from "../../table/struct-type.ts";
import { elementTypeOf, isNumberListType } from "../../table/typed-values.ts";
import { at } from "../../util/at.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { loadArrow } from "../../util/peers/peers.ts";
import { cutRows } from "../tabular/cut-rows.ts";
import type { ColumnTypes } from "../tabular/declared-types.ts";
import { isAllNull } from "../tabular/is-all-null.ts";
import { ARROW_NOTE, NOTE_VERSION } from "./decode-arrow.ts";
import { arrowDataOf } from "./encode-arrow-column.ts";
import { exactTypeOf } from "./encode-exact-texts.ts";

type Arrow = typeof import("apache-arrow");

/**
 * The most bytes that one column takes in one record batch: apache-arrow counts them in 32 bits.
 */
const MAX_BATCH_BYTES = 2 ** 30;

/** Options for writing an Arrow file. */
export interface ArrowWriting {
  /** The most bytes of one column in one record batch. */
  readonly batchBytes?: number | undefined;
  /**
   * The types that the user has declared. A column with a declared type keeps it even if all its
   * values are null.
   */
  readonly types?: ColumnTypes | undefined;
}

/**
 * Encodes a table as an Arrow file. Numbers are written from where they lie, without a copy.
 *
 * @throws {@link MissingPeerError} if `apache-arrow` is not installed
 */
export async function encodeArrowFile(
  { columns, rowCount }: ColumnTable,
  { batchBytes = MAX_BATCH_BYTES, types = {} }: ArrowWriting = {},
): Promise<readonly Uint8Array[]> {
  const arrow = await loadArrow();
  const fields = columns.map((column) =>
    !Object.hasOwn(types, column.name) && isAllNull(column)
      ? new arrow.Field(column.name, new arrow.Null(), true)
      : fieldOf(arrow, column),
  );
  const schema = new arrow.Schema(fields, new Map([[ARROW_NOTE, String(NOTE_VERSION)]]));
  const writer = new arrow.RecordBatchFileWriter();
  let start = 0;
  do {
    const mostRows = Math.min(rowCount - start, Math.max(1, Math.floor(batchBytes / 8)));
    const { end, texts } = cutRows("arrow", columns, start, { mostRows, mostBytes: batchBytes });
    const children = columns.map((column, i) => {
      const { type } = at(fields, i);
      return arrowDataOf(arrow, type, column, { start, end, texts: texts.get(column) });
    });
    const type = new arrow.Struct(fields);
    const data = arrow.makeData({ type, length: end - start, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(schema, data));
    start = end;
  } while (start < rowCount);
  writer.finish();
  return collected(writer as AsyncIterable<Uint8Array>);
}

function fieldOf(arrow: Arrow, { name, type, marks }: Column): Field {
  const json = new Map([
    ["ARROW:extension:name", "arrow.json"],
    ["ARROW:extension:metadata", ""],
  ]);
  return new arrow.Field(name, typeOf(arrow, type), marks !== undefined, type === "value" ? json : undefined);
}

function typeOf(arrow: Arrow, type: Column["type"]): DataType {
  if (isNumberListType(type)) return new arrow.List(new arrow.Field("item", typeOf(arrow, elementTypeOf(type)), false));
  if (isStructType(type))
    return new arrow.Struct(fieldsOf(type).map(([name, field]) => new arrow.Field(name, typeOf(arrow, field), true)));
  if (isExactTextType(type)) return exactTypeOf(arrow, type);
  switch (type) {
    case "int8":
      return new arrow.Int8();
    case "uint8":
      return new arrow.Uint8();
    case "int16":
      return new arrow.Int16();
    case "uint16":
      return new arrow.Uint16();
    case "int32":
      return new arrow.Int32();
    case "uint32":
      return new arrow.Uint32();
    case "int64":
      return new arrow.Int64();
    case "uint64":
      return new arrow.Uint64();
    case "float32":
      return new arrow.Float32();
    case "float64":
      return new arrow.Float64();
    case "boolean":
      return new arrow.Bool();
    case "date":
      return new arrow.TimestampMillisecond("UTC");
    case "bytes":
      return new arrow.Binary();
    case "string":
    case "value":
      return new arrow.Utf8();
  }
}
