import { fitsColumn } from "../../table/cell-type.ts";
import { type Column, type ColumnType, MARK } from "../../table/column.ts";
import { bigintFromText, bytesFromText, dateFromText, textOfBytes } from "../tabular/scalar-text.ts";

/** Returns the value of a cell in the form in which JSON can hold it. */
export function ndjsonCellOf(type: ColumnType, value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : (textIn(type)?.(value) ?? value);
}

/** Returns the column with its values in the form in which JSON can hold them. */
export function ndjsonColumn(column: Column): Column {
  const textOf = textIn(column.type);
  if (textOf === undefined) return column;
  const { name, values, marks } = column;
  const cells: ArrayLike<unknown> = values;
  const texts = Array.from(cells, (value, row) =>
    marks === undefined || marks[row] === MARK.present ? textOf(value) : "",
  );
  return { name, type: "string", values: texts, ...(marks === undefined ? {} : { marks }) };
}

function textIn(type: ColumnType): ((value: unknown) => string) | undefined {
  if (type === "int64" || type === "uint64") return String;
  if (type === "date") return (ms) => new Date(Number(ms)).toISOString();
  return type === "bytes" ? (bytes) => (bytes instanceof Uint8Array ? textOfBytes(bytes) : "") : undefined;
}

/**
 * Returns the value of a cell for the JSON value in its line, or `undefined` if that is not of this
 * type.
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
