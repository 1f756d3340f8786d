import { fitsColumn } from "../table/cell-type.ts";
import type { Column, ColumnType } from "../table/column.ts";
import { bigintFromText, bytesFromText, dateFromText, textOfBytes } from "./scalar-text.ts";

/** The JSON of a cell that holds something. */
export function ndjsonTextAt({ type, values }: Column, row: number): string {
  const value: unknown = values[row];
  switch (type) {
    case "boolean":
      return value === 1 ? "true" : "false";
    case "date":
      return `"${new Date(value as number).toISOString()}"`;
    case "bytes":
      return `"${textOfBytes(value as Uint8Array)}"`;
    case "int64":
    case "uint64":
      return `"${String(value)}"`;
    case "string":
    case "value":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** The value of a cell again; undefined where it is none of this type. */
export function ndjsonValueOf(type: ColumnType, json: unknown): unknown {
  const value = typeof json === "string" ? fromText(type, json) : json;
  return value !== undefined && fitsColumn(type, value) ? value : undefined;
}

function fromText(type: ColumnType, text: string): unknown {
  if (type === "int64" || type === "uint64") return bigintFromText(text);
  if (type === "date") return dateFromText(text);
  return type === "bytes" ? bytesFromText(text) : text;
}
