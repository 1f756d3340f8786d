import { DecodeError } from "../../errors/format-errors.ts";
import type { ColumnType } from "../../table/column.ts";
import { decimalSizeOf, decimalTypeOf, textOfUnscaled } from "../../table/decimal-text.ts";
import type { ExactTextType } from "../../table/exact-text.ts";
import { plainTypeOf, type TimeUnit, textOfDateTime, textOfDays, textOfTime } from "../../table/plain-time.ts";
import { isColumnType, isNumberListType } from "../../table/typed-values.ts";
import type { Budget } from "../decode-budget.ts";
import { decodeHalf } from "../decode-half.ts";
import type { DecodeLimits } from "../format.ts";
import { type InstantUnit, instantOf, instantsOf } from "../instants.ts";
import { decodeNestedJson } from "../json/nested-json.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { PHYSICAL, type PhysicalValues } from "./encodings.ts";
import type { ParquetElement } from "./footer.ts";

/** The values of a column of a table. */
export type LogicalValues = ArrayLike<number> | ArrayLike<bigint> | readonly unknown[];

/** How the values of one column of a file are converted to a column of this library. */
export interface ColumnReading {
  readonly type: ColumnType;
  /** Whether every row is null, no matter which values the pages hold. */
  readonly isNull?: boolean;
  /** Whether several rows may share one value, such as the same value of a dictionary. */
  readonly shareable: boolean;
  /** For a column of lists: how the numbers in them are read. `convert` is not called then. */
  readonly item?: ColumnReading;
  convert(values: PhysicalValues, context: ConvertContext): LogicalValues;
}

export interface ConvertContext {
  readonly budget: Budget;
  readonly limits: DecodeLimits;
}

const CONVERTED = {
  utf8: 0,
  enum: 4,
  decimal: 5,
  date: 6,
  timeMillis: 7,
  timeMicros: 8,
  millis: 9,
  micros: 10,
  json: 19,
} as const;
/** The types of whole numbers in the older notation, whose numbers begin at 11. */
const CONVERTED_INTEGERS: readonly ColumnType[] = [
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "int8",
  "int16",
  "int32",
  "int64",
];
const LOGICAL = {
  string: 1,
  enum: 4,
  decimal: 5,
  date: 6,
  time: 7,
  timestamp: 8,
  integer: 10,
  unknown: 11,
  json: 12,
  uuid: 14,
  half: 15,
};
/** The units of times and timestamps, by their numbers in the file. */
const UNITS: readonly (TimeUnit | undefined)[] = [undefined, "ms", "us", "ns"];
const INSTANT_UNITS = { ms: "millisecond", us: "microsecond", ns: "nanosecond" } as const;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Determines how to read a column, from the file's own schema.
 *
 * @throws {@link DecodeError} for columns of structures, maps, and lists of anything but numbers
 */
export function columnReadingOf(element: ParquetElement): ColumnReading {
  const { type, name, childCount, list } = element;
  if (list !== undefined) return listReading(name, itemReadingOf(list.element));
  if (childCount > 0)
    throw new DecodeError(
      "parquet",
      `column ${name} holds structures, maps or lists of them, which are not read; ${OTHERS}`,
    );
  // Some writers give this type to a column and store values instead of nulls. These values have no
  // meaning.
  if (element.logical?.kind === LOGICAL.unknown) return onlyNulls;
  switch (type) {
    case PHYSICAL.boolean:
      return same("boolean");
    case PHYSICAL.int32:
      return readingOfInt32(element);
    case PHYSICAL.int64:
      return readingOfInt64(element);
    case PHYSICAL.int96:
      return dates((values) => Float64Array.from(bytesOf(values), instantOf96));
    case PHYSICAL.float:
      return same("float32");
    case PHYSICAL.double:
      return same("float64");
    case PHYSICAL.bytes:
    case PHYSICAL.fixedBytes:
      return readingOfBytes(element);
    default:
      throw new DecodeError("parquet", `column ${name} has the unknown type ${type}`);
  }
}

const OTHERS = "other columns can be read without it, by readTable";

function listReading(name: string, item: ColumnReading): ColumnReading {
  const type = `${item.type}[]` as const;
  if (!isColumnType(type) || !isNumberListType(type))
    throw new DecodeError("parquet", `column ${name} holds lists of ${item.type}, which are not read; ${OTHERS}`);
  return { type, item, shareable: false, convert: () => [] };
}

/**
 * Determines how to read the numbers in lists. There are no lists of texts, so decimals become the
 * nearest number there, and times of day their count since midnight.
 */
function itemReadingOf(element: ParquetElement): ColumnReading {
  if (isDecimal(element)) return nearestNumbers(element);
  if (timeUnitOf(element) === undefined) return columnReadingOf(element);
  return same(element.type === PHYSICAL.int32 ? "int32" : "int64");
}

function same(type: ColumnType): ColumnReading {
  return { type, shareable: true, convert: (values) => values };
}

function readingOfInt32(element: ParquetElement): ColumnReading {
  if (isDecimal(element)) return decimals(element);
  if (element.converted === CONVERTED.date || element.logical?.kind === LOGICAL.date)
    return countTexts("plainDate", (days) => textOfDays(Number(days)));
  const timeUnit = timeUnitOf(element);
  if (timeUnit !== undefined) return times(timeUnit);
  const type = integerOf(element) ?? "int32";
  const range = RANGES[type];
  if (range === undefined) return same(type === "uint32" ? "uint32" : "int32");
  return {
    type,
    shareable: true,
    convert(values) {
      for (const value of numbersOf(values))
        if (value < range[0] || value > range[1])
          throw new DecodeError("parquet", `column ${element.name} holds ${value}, which is not of type ${type}`);
      return values;
    },
  };
}

const RANGES: { readonly [type: string]: readonly [least: number, most: number] } = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
};

function readingOfInt64(element: ParquetElement): ColumnReading {
  if (isDecimal(element)) return decimals(element);
  const timeUnit = timeUnitOf(element);
  if (timeUnit !== undefined) return times(timeUnit);
  const { converted, logical } = element;
  const unit = logical?.kind === LOGICAL.timestamp ? UNITS[logical.unit] : undefined;
  if (unit !== undefined)
    return logical?.isUtc === true
      ? counts(INSTANT_UNITS[unit])
      : countTexts(plainTypeOf("dateTime", unit), (count) => textOfDateTime(BigInt(count), unit));
  if (converted === CONVERTED.millis) return counts("millisecond");
  if (converted === CONVERTED.micros) return counts("microsecond");
  if (logical?.kind === LOGICAL.timestamp || logical?.kind === LOGICAL.time)
    throw new DecodeError("parquet", `column ${element.name} counts time in an unknown unit`);
  return same(integerOf(element) === "uint64" ? "uint64" : "int64");
}

function readingOfBytes(element: ParquetElement): ColumnReading {
  const { converted, logical, typeLength } = element;
  if (isDecimal(element)) return decimals(element);
  if (logical?.kind === LOGICAL.half && typeLength === 2)
    return { type: "float32", shareable: true, convert: (values) => bytesOf(values).map(halfOf) };
  if (logical?.kind === LOGICAL.uuid && typeLength === 16)
    return { type: "string", shareable: true, convert: (values) => bytesOf(values).map(uuidOf) };
  if (converted === CONVERTED.json || logical?.kind === LOGICAL.json) return jsonReading(element.name);
  const isText = converted === CONVERTED.utf8 || converted === CONVERTED.enum;
  if (isText || logical?.kind === LOGICAL.string || logical?.kind === LOGICAL.enum) return textReading(element.name);
  return bytesReading;
}

/** Returns the values of a column of bytes. */
function bytesOf(values: PhysicalValues): Uint8Array[] {
  if (Array.isArray(values)) return values;
  throw new DecodeError("parquet", "a page has numbers for a column of bytes");
}

/**
 * Returns the values of a column of numbers. A page without values comes as an empty list of bytes,
 * whatever its type, and becomes an empty typed array.
 */
function numbersOf(values: PhysicalValues): Exclude<PhysicalValues, Uint8Array[]> {
  return Array.isArray(values) ? new Int32Array(0) : values;
}

function textReading(name: string): ColumnReading {
  return {
    type: "string",
    shareable: true,
    convert(values) {
      try {
        return bytesOf(values).map((bytes) => decoder.decode(bytes));
      } catch (cause) {
        if (isOutOfResources(cause)) throw cause;
        throw new DecodeError("parquet", `column ${name} holds bytes that are not UTF-8 text`, { cause });
      }
    },
  };
}

/** Each row gets a value of its own, so that a change in one row does not show in another. */
function jsonReading(name: string): ColumnReading {
  return {
    type: "value",
    shareable: false,
    convert: (values, { budget, limits }) =>
      bytesOf(values).map((bytes) => {
        budget.take(bytes.length);
        return decodeNestedJson("parquet", name, bytes, limits);
      }),
  };
}

const bytesReading: ColumnReading = {
  type: "bytes",
  shareable: false,
  convert: (values, { budget }) =>
    bytesOf(values).map((bytes) => {
      budget.take(bytes.length);
      return new Uint8Array(bytes);
    }),
};

const onlyNulls: ColumnReading = { type: "value", isNull: true, shareable: true, convert: () => [] };

/**
 * Times that no Date can hold become NaN here. `assertHeld` refuses them later, and only in
 * rows that are read and are not null.
 */
function dates(convert: (values: PhysicalValues) => Float64Array): ColumnReading {
  return { type: "date", shareable: true, convert };
}

function counts(unit: InstantUnit): ColumnReading {
  return dates((values) => instantsOf(numbersOf(values), unit));
}

/** The unit of a column of times of day; undefined for any other column. */
function timeUnitOf({ converted, logical }: ParquetElement): TimeUnit | undefined {
  if (logical?.kind === LOGICAL.time) return UNITS[logical.unit];
  if (converted === CONVERTED.timeMillis) return "ms";
  return converted === CONVERTED.timeMicros ? "us" : undefined;
}

function times(unit: TimeUnit): ColumnReading {
  return countTexts(plainTypeOf("time", unit), (count) => textOfTime(Number(count), unit));
}

/** Converts counts to the texts that say them exactly. */
function countTexts(type: ExactTextType, textOf: (count: number | bigint) => string | undefined): ColumnReading {
  return exactTexts(type, (values) => {
    const counts: ArrayLike<number | bigint> = numbersOf(values);
    return Array.from(counts, textOf);
  });
}

/**
 * Values that their type cannot hold become undefined here. `assertHeld` refuses them later, and
 * only in rows that are read and are not null.
 */
function exactTexts(
  type: ExactTextType,
  textsOf: (values: PhysicalValues) => readonly (string | undefined)[],
): ColumnReading {
  return {
    type,
    shareable: true,
    convert(values, { budget }) {
      const texts = textsOf(values);
      for (const text of texts) budget.take(text?.length ?? 0);
      return texts;
    },
  };
}

function decimals(element: ParquetElement): ColumnReading {
  const { name, scale } = element;
  const type = decimalTypeOf({ precision: element.precision || mostDigitsOf(element), scale });
  if (type === undefined)
    throw new DecodeError("parquet", `column ${name} holds decimals of more digits than are read; ${OTHERS}`);
  const size = decimalSizeOf(type);
  return exactTexts(type, (values) => digitsOf(values).map((digits) => textOfUnscaled(digits, size)));
}

/** How many digits fit into the bytes of a decimal, for writers that do not say it. */
function mostDigitsOf({ type, typeLength }: ParquetElement): number {
  if (type === PHYSICAL.int32) return 9;
  if (type === PHYSICAL.int64) return 18;
  return type === PHYSICAL.fixedBytes ? Math.min(76, Math.floor((8 * typeLength - 1) * Math.log10(2))) : 38;
}

/** Gives the nearest number: Parquet's decimals have up to 76 digits, a number has about 15. */
function nearestNumbers({ scale }: ParquetElement): ColumnReading {
  return {
    type: "float64",
    shareable: true,
    convert: (values) => Float64Array.from(digitsOf(values), (digits) => Number(`${digits}e${-scale}`)),
  };
}

/** Returns the digits of decimals as whole numbers. */
function digitsOf(values: PhysicalValues): bigint[] {
  if (Array.isArray(values)) return values.map(bigintOf);
  const digits: ArrayLike<number | bigint> = values;
  return Array.from(digits, BigInt);
}

function isDecimal({ converted, logical, scale, name }: ParquetElement): boolean {
  if (converted !== CONVERTED.decimal && logical?.kind !== LOGICAL.decimal) return false;
  if (!Number.isSafeInteger(scale)) throw new DecodeError("parquet", `column ${name} has no number of digits`);
  return true;
}

function integerOf({ converted, logical }: ParquetElement): ColumnType | undefined {
  if (logical?.kind === LOGICAL.integer) {
    const name = `${logical.signed ? "" : "u"}int${logical.bitWidth}`;
    return CONVERTED_INTEGERS.find((type) => type === name);
  }
  return converted === undefined ? undefined : CONVERTED_INTEGERS[converted - 11];
}

/**
 * Converts big-endian bytes in two's complement. Their length is bounded, since the time for the
 * conversion grows with its square.
 */
function bigintOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  if (bytes.length > 64) throw new DecodeError("parquet", "a decimal number is longer than 64 bytes");
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

const NANOSECONDS_OF_A_DAY = 86_400_000_000_000n;

/** Converts an INT96 timestamp: the nanoseconds within the day, then the Julian day number. */
function instantOf96(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
  const days = BigInt(view.getInt32(8, true) - 2_440_588);
  return instantOf(days * NANOSECONDS_OF_A_DAY + view.getBigInt64(0, true), "nanosecond");
}

function halfOf(bytes: Uint8Array): number {
  return decodeHalf((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8));
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
