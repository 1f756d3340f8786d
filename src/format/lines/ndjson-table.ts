import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { type Column, type ColumnType, MARK } from "../../table/column.ts";
import { ColumnBuilder } from "../../table/column-builder.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { describeCell } from "../../table/describe-cell.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import type { DecodeLimits } from "../format.ts";
import { checkJson } from "../json/check-json.ts";
import type { TableCodec } from "../tabular/tabular.ts";
import { typedFormatId } from "../tabular/typed-format-id.ts";
import { isTooLongInBase64 } from "../text-limit.ts";
import { parseJsonLines } from "./decode-json-lines.ts";
import { joinJsonLines } from "./encode-json-lines.ts";
import { ndjsonColumn, ndjsonValueOf } from "./ndjson-cells.ts";

/**
 * How many rows are converted to records at a time, which bounds the memory that encoding takes.
 */
const ROWS_AT_ONCE = 1024;

/** The codec of tables as lines of JSON objects, whose cells have the declared types. */
export function ndjsonTable(types: ReadonlyMap<string, ColumnType>): TableCodec {
  return {
    id: typedFormatId("ndjson", [], types.values()),
    extension: ".ndjson",
    inline: false,
    check: (table) => checkTable(table, types),
    encode: encodeTable,
    decode: (bytes, limits) => decodeTable(bytes, types, limits),
  };
}

function checkTable({ columns, rowCount }: ColumnTable, types: ReadonlyMap<string, ColumnType>): void {
  const { maxNodes } = defaultDecodeLimits;
  if (columns.length * rowCount > maxNodes) refuse([], `has more than ${maxNodes} cells`, "Use parquet() or arrow().");
  const names = [...types.keys()];
  for (const [i, column] of columns.entries()) {
    const { name, type } = column;
    const wanted = types.get(name);
    if (wanted === undefined) refuse([name], "is not a declared column", "Declare all columns, or select some.");
    if (names[i] !== name)
      refuse([name], "is not where it was declared", "Select the columns in their order: table.select([…]).");
    if (type !== wanted) refuse([name], `is a column of type ${type}, not ${wanted}`, "Declare the type that it has.");
    checkCells(column);
  }
  const missing = names[columns.length];
  if (missing !== undefined)
    refuse([missing], "is declared, and the table lacks it", "Declare the columns that the table has.");
}

function checkCells({ name, type, values, marks }: Column): void {
  const isFloat = type === "float64" || type === "float32";
  if (!isFloat && type !== "date" && type !== "value" && type !== "bytes") return;
  for (let row = 0; row < values.length; row++) {
    if (marks !== undefined && marks[row] !== MARK.present) continue;
    const value = values[row];
    if (type === "value") checkJson(value, [row, name], "ndjson");
    else if (type === "bytes") {
      if (value instanceof Uint8Array && isTooLongInBase64(value))
        refuse([row, name], "takes more than 512 MiB as text", "Use structured(), or table().");
    } else if (!Number.isFinite(value) || Object.is(value, -0))
      refuse([row, name], type === "date" ? "is an invalid date" : `is ${describeCell(value)}`, "Give null.");
  }
}

function encodeTable(table: ColumnTable): readonly Uint8Array[] {
  let begin = 0;
  let rows: object[] = [];
  return joinJsonLines("ndjson", table.rowCount, (row) => {
    if (row >= begin + rows.length) {
      begin = row;
      const some = table.slice(row, row + ROWS_AT_ONCE);
      rows = new ColumnTable(some.columns.map(ndjsonColumn), some.rowCount).toRows();
    }
    return JSON.stringify(rows[row - begin]);
  });
}

function decodeTable(bytes: Uint8Array, types: ReadonlyMap<string, ColumnType>, limits: DecodeLimits): ColumnTable {
  const lines = parseJsonLines("ndjson", bytes, limits);
  // Cells that a line lacks count as well, since they take memory too.
  if (lines.length * types.size > limits.maxNodes) throw new DecodeLimitError("ndjson", "maxNodes", limits.maxNodes);
  const builders = new Map(Array.from(types, ([name, type]) => [name, new ColumnBuilder(name, lines.length, type)]));
  for (const [row, line] of lines.entries()) {
    if (typeof line !== "object" || line === null || Array.isArray(line))
      throw new DecodeError("ndjson", `line ${row + 1} is not an object`);
    const record = line as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(record)) {
      const json = record[name];
      const type = types.get(name);
      if (type === undefined) throw new DecodeError("ndjson", `line ${row + 1} has a key that is not declared`);
      const value = json === null ? null : ndjsonValueOf(type, json);
      if (value === undefined)
        throw new DecodeError(
          "ndjson",
          `${describeCell(json)} in line ${row + 1} is not of type ${type}, as column ${JSON.stringify(name)} is declared`,
        );
      builders.get(name)?.push(row, value);
    }
  }
  return new ColumnTable(
    Array.from(builders.values(), (builder) => builder.finish()),
    lines.length,
  );
}

function refuse(path: readonly (string | number)[], what: string, suggestion: string): never {
  throw new UnsupportedPayloadError("ndjson", path, what, suggestion);
}
