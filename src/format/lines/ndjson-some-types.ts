import { DecodeError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { describeCell } from "../../table/describe-cell.ts";
import { at } from "../../util/at.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { setOwn } from "../../util/fields-of.ts";
import type { DecodeLimits, Format } from "../format.ts";
import { checkJson } from "../json/check-json.ts";
import { propertyOf } from "../own-keys.ts";
import { checkRows } from "../tabular/check-rows.ts";
import type { ColumnTypes } from "../tabular/declared-types.ts";
import { isTooLongInBase64 } from "../text-limit.ts";
import { parseJsonLines } from "./decode-json-lines.ts";
import { joinJsonLines } from "./encode-json-lines.ts";
import { ndjsonCellOf, ndjsonValueOf } from "./ndjson-cells.ts";

/**
 * The format of records as lines of JSON objects, of which only some values have declared types.
 */
export function ndjsonOfSomeTypes(types: ColumnTypes): Format<readonly object[]> {
  return {
    // The id covers the names too: a value that was written as a date must not be read as text.
    id: `ndjson(types=${sha256Hex(JSON.stringify(Object.entries(types).sort(byName))).slice(0, 16)})`,
    extension: ".ndjson",
    inline: false,
    check: (rows) => checkTyped(rows, types),
    encode: (rows) => joinJsonLines("ndjson", rows.length, (row) => lineOf(at(rows, row), types)),
    decode: (bytes, limits) => decodeTyped(bytes, types, limits),
  };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function checkTyped(rows: readonly object[], types: ColumnTypes): void {
  checkRows("ndjson", rows, types);
  for (const [row, record] of rows.entries()) {
    const entries: [string, unknown][] = Object.entries(record);
    for (const [name, cell] of entries) checkCell(cell, [row, name], types);
  }
}

function checkCell(cell: unknown, path: readonly [row: number, name: string], types: ColumnTypes): void {
  const [, name] = path;
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (cell instanceof Date && type !== undefined && type !== "value") {
    if (Number.isNaN(cell.getTime())) refuse(path, "is an invalid date", "Give null.");
  } else if (cell instanceof Uint8Array && type === "bytes") {
    if (isTooLongInBase64(cell)) refuse(path, "takes more than 512 MiB as text", "Use structured(), or table().");
  } else if (typeof cell !== "bigint" || type === undefined || type === "value")
    checkJson(
      cell,
      path,
      "ndjson",
      `Declare its type, as in types: { ${JSON.stringify(name)}: "date" }, or use table().`,
    );
}

function refuse(path: readonly (string | number)[], what: string, suggestion: string): never {
  throw new UnsupportedPayloadError("ndjson", path, what, suggestion);
}

function lineOf(record: object, types: ColumnTypes): string {
  const names = Object.keys(types).filter((name) => Object.hasOwn(record, name) && propertyOf(record, name) !== null);
  if (names.length === 0) return JSON.stringify(record);
  const copy = { ...record };
  for (const name of names) setOwn(copy, name, ndjsonCellOf(types[name] ?? "value", propertyOf(record, name)));
  return JSON.stringify(copy);
}

function decodeTyped(bytes: Uint8Array, types: ColumnTypes, limits: DecodeLimits): object[] {
  const records: object[] = [];
  const lines = parseJsonLines("ndjson", bytes, limits);
  for (const [row, line] of lines.entries()) {
    if (typeof line !== "object" || line === null || Array.isArray(line))
      throw new DecodeError("ndjson", `line ${row + 1} is not an object`);
    decodeCells(line, types, row);
    records.push(line);
  }
  return records;
}

function decodeCells(record: object, types: ColumnTypes, row: number): void {
  for (const name of Object.keys(record)) {
    const json = propertyOf(record, name);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (json === null) continue;
    const value = type === undefined ? json : ndjsonValueOf(type, json);
    if (value === undefined)
      throw new DecodeError(
        "ndjson",
        `${describeCell(json)} in line ${row + 1} is not of type ${type}, as column ${JSON.stringify(name)} is declared`,
      );
    if (value !== json) setOwn(record, name, value);
  }
}
