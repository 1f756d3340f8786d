import { fitsColumn } from "../../table/cell-type.ts";
import type { StructType } from "../../table/column.ts";
import { type Column, type ColumnType, MARK, type NumberListType } from "../../table/column.ts";
import { isExactTextType } from "../../table/exact-text.ts";
import { isStructType } from "../../table/struct-type.ts";
import { isNumberListType } from "../../table/typed-values.ts";
import { bigintFromText, bytesFromText, dateFromText, textOfBytes } from "../tabular/scalar-text.ts";

/** The types that a column of a CSV file can have. */
export type CsvColumnType = Exclude<ColumnType, "value" | NumberListType | StructType>;

export function isCsvColumnType(type: ColumnType): type is CsvColumnType {
  return type !== "value" && !isNumberListType(type) && !isStructType(type);
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const NOT_FINITE: ReadonlySet<string> = new Set(["NaN", "Infinity", "-Infinity"]);

/** Returns a cell as text, or null if it is empty. */
export function csvTextAt({ type, values, marks }: Column, row: number): string | null {
  if (marks !== undefined && marks[row] !== MARK.present) return null;
  const value: unknown = values[row];
  if (type === "boolean") return value === 1 ? "true" : "false";
  if (type === "date") return new Date(Number(value)).toISOString();
  if (type === "bytes" && value instanceof Uint8Array) return textOfBytes(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

/**
 * Returns the value that the text of a cell means, or `undefined` if the text is not of this type.
 */
export function csvValueOf(type: CsvColumnType, text: string): unknown {
  const value = readText(type, text);
  return value !== undefined && fitsColumn(type, value) ? value : undefined;
}

function readText(type: CsvColumnType, text: string): unknown {
  if (isExactTextType(type)) return text;
  switch (type) {
    case "string":
      return text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "date":
      return dateFromText(text);
    case "bytes":
      return bytesFromText(text);
    case "int64":
    case "uint64":
      return bigintFromText(text);
    default:
      return NOT_FINITE.has(text) ? Number(text) : numberFromText(text);
  }
}

/**
 * Returns `undefined` for a number that is too large for JavaScript, which would become Infinity.
 */
function numberFromText(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
