import type { DataType, Field } from "apache-arrow";
import type { Column } from "../table/column.ts";
import type { ColumnTable } from "../table/column-table.ts";
import { loadPeer } from "../util/load-peer.ts";
import { arrowDataOf } from "./arrow-data.ts";
import { ARROW_NOTE } from "./read-arrow.ts";

type Arrow = typeof import("apache-arrow");

/** Numbers of one column in one record batch take no more: apache-arrow reckons their sizes in 32 bits. */
const MAX_BATCH_BYTES = 2 ** 30;
/** A character takes three bytes at most. */
const BYTES_PER_CHARACTER = 3;

/**
 * A table as an Arrow file. Numbers are written from where they lie, without a copy.
 *
 * @throws {@link MissingPeerError}
 */
export async function encodeArrowFile({ columns, rowCount }: ColumnTable): Promise<readonly Uint8Array[]> {
  const arrow = await loadPeer("Arrow", "apache-arrow", () => import("apache-arrow"));
  const fields = columns.map((column) => fieldOf(arrow, column));
  const schema = new arrow.Schema(fields, new Map([[ARROW_NOTE, "1"]]));
  const writer = new arrow.RecordBatchFileWriter();
  let start = 0;
  do {
    const end = batchEnd(columns, start, rowCount);
    const children = columns.map((column, i) => arrowDataOf(arrow, (fields[i] as Field).type, column, start, end));
    const type = new arrow.Struct(fields);
    const data = arrow.makeData({ type, length: end - start, nullCount: 0, children });
    writer.write(new arrow.RecordBatch(schema, data));
    start = end;
  } while (start < rowCount);
  writer.finish();
  const chunks: Uint8Array[] = [];
  for await (const chunk of writer as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return chunks;
}

function batchEnd(columns: readonly Column[], start: number, rowCount: number): number {
  const listed = columns.filter(({ values }) => !ArrayBuffer.isView(values));
  const most = Math.min(rowCount, start + MAX_BATCH_BYTES / 8);
  let end = most;
  for (const { values } of listed) {
    let bytes = 0;
    for (let row = start; row < end; row++) {
      const value: unknown = values[row];
      const size =
        typeof value === "string" ? value.length * BYTES_PER_CHARACTER : value instanceof Uint8Array ? value.length : 0;
      bytes += size;
      if (bytes > MAX_BATCH_BYTES && row > start) end = row;
    }
  }
  return end;
}

function fieldOf(arrow: Arrow, { name, type, marks }: Column): Field {
  const json = new Map([
    ["ARROW:extension:name", "arrow.json"],
    ["ARROW:extension:metadata", ""],
  ]);
  return new arrow.Field(name, typeOf(arrow, type), marks !== undefined, type === "value" ? json : undefined);
}

function typeOf(arrow: Arrow, type: Column["type"]): DataType {
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
