import { fitsColumn } from "../../table/cell-type.ts";
import { type Column, type ColumnType, MARK } from "../../table/column.ts";
import { bigintFromText, bytesFromText, dateFromText, textOfBytes } from "../tabular/scalar-text.ts";

/** The value of a cell of a type as JSON has it. */
export function ndjsonCellOf(type: ColumnType, value: unknown): unknown {
  if (type !== "date") return textIn(type)?.(value) ?? value;
  return (value as Date).toISOString();
}

/** The same column with values that JSON has. */
export function ndjsonColumn(column: Column): Column {
  const textOf = textIn(column.type);
  if (textOf === undefined) return column;
  const { name, values, marks } = column;
  const texts = Array.from(values as Iterable<unknown>, (value, row) =>
    marks === undefined || marks[row] === MARK.present ? textOf(value) : "",
  );
  return { name, type: "string", values: texts, ...(marks === undefined ? {} : { marks }) };
}

function textIn(type: ColumnType): ((value: unknown) => string) | undefined {
  if (type === "int64" || type === "uint64") return String;
  if (type === "date") return (ms) => new Date(ms as number).toISOString();
  return type === "bytes" ? (bytes) => textOfBytes(bytes as Uint8Array) : undefined;
}

/**
 * The value of a cell, from what its line holds; `undefined` where that is not of this type.
 */
export function ndjsonValueOf(type: ColumnType, json: unknown): unknown {
  if (type === "value") return json;
  const value = typeof json === "string" ? fromText(type, json) : json;
  return value !== undefined && fitsColumn(type, value) ? value : undefined;
}

function fromText(type: ColumnType, text: string): unknown {
  if (type === "int64" || type === "uint64") return bigintFromText(text);
  if (type === "date") return dateFromText(text);
  return type === "bytes" ? bytesFromText(text) : text;
}
