import { fitsColumn } from "../table/cell-type.ts";
import { type Column, type ColumnType, MARK } from "../table/column.ts";

/** What a cell of a CSV file can hold. */
export type CsvColumnType = Exclude<ColumnType, "value">;

/** The longest number that 64 bits hold; reading much longer ones as a bigint takes for ever. */
const LONGEST_INTEGER = 20;
const INTEGER = /^-?\d+$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const NOT_FINITE: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

/** A cell as text, or null where there is none. */
export function csvTextAt({ type, values, marks }: Column, row: number): string | null {
  if (marks !== undefined && marks[row] !== MARK.present) return null;
  const value: unknown = values[row];
  if (type === "boolean") return value === 1 ? "true" : "false";
  if (type === "date") return new Date(value as number).toISOString();
  if (type === "bytes") {
    const bytes = value as Uint8Array;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The value again; undefined where the text is none of this type. */
export function csvValueOf(type: CsvColumnType, text: string): unknown {
  const value = readText(type, text);
  return value !== undefined && fitsColumn(type, value) ? value : undefined;
}

function readText(type: CsvColumnType, text: string): unknown {
  switch (type) {
    case "string":
      return text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "date":
      return dateOf(text);
    case "bytes":
      return bytesOf(text);
    case "int64":
    case "uint64":
      return text.length <= LONGEST_INTEGER && INTEGER.test(text) ? BigInt(text) : undefined;
    default:
      return NUMBER.test(text) || NOT_FINITE.has(text) ? Number(text) : undefined;
  }
}

/** Only as `toISOString` writes it: what else a Date can be made of depends on the time zone, or on the engine. */
function dateOf(text: string): Date | undefined {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date : undefined;
}

function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}
