import type { SchemaElement } from "hyparquet";
import { type DecimalType, decimalSizeOf, isDecimalType, unscaledOf } from "../../table/decimal-text.ts";
import type { ExactTextType } from "../../table/exact-text.ts";
import { dateTimeOf, daysOf, plainTypes, timeOf } from "../../table/plain-time.ts";

type Element = Omit<SchemaElement, "name">;

const UNITS = { ms: "MILLIS", us: "MICROS", ns: "NANOS" } as const;

/** Parquet's type in the schema for a column of dates, times or decimals. */
export function exactElementOf(type: ExactTextType): Element {
  if (isDecimalType(type)) return decimalElementOf(type);
  const { kind, unit } = plainTypes[type];
  if (kind === "date") return { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } };
  // The older notation has only times in UTC, so these types are in the newer one alone.
  const time = { isAdjustedToUTC: false, unit: UNITS[unit] } as const;
  if (kind === "dateTime") return { type: "INT64", logical_type: { type: "TIMESTAMP", ...time } };
  return { type: unit === "ms" ? "INT32" : "INT64", logical_type: { type: "TIME", ...time } };
}

/** Decimals are stored in the smallest type that holds all of their digits, as Parquet asks for. */
function decimalElementOf(type: DecimalType): Element {
  const { precision, scale } = decimalSizeOf(type);
  const logical: Element = {
    converted_type: "DECIMAL",
    precision,
    scale,
    logical_type: { type: "DECIMAL", precision, scale },
  };
  if (precision <= 18) return { type: precision <= 9 ? "INT32" : "INT64", ...logical };
  const bits = precision * Math.log2(10) + 1;
  return { type: "FIXED_LEN_BYTE_ARRAY", type_length: Math.ceil(bits / 8), ...logical };
}

/** Returns a function that converts the texts of a type to the numbers that the file has. */
export function exactCountOf(type: ExactTextType): (text: unknown) => number | bigint | undefined {
  if (isDecimalType(type)) {
    const size = decimalSizeOf(type);
    return (text) => unscaledOf(String(text), size);
  }
  const { kind, unit } = plainTypes[type];
  if (kind === "date") return (text) => daysOf(String(text));
  if (kind === "dateTime") return (text) => dateTimeOf(String(text), unit);
  return (text) => {
    const count = timeOf(String(text), unit);
    return count === undefined || unit === "ms" ? count : BigInt(count);
  };
}
