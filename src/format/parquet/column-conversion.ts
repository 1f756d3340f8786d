import { DecodeError } from "../../errors/format-errors.ts";
import type { ColumnType } from "../../table/column.ts";
import { plainTypeOf, type TimeUnit, textOfDateTime, textOfDays, textOfTime } from "../../table/plain-time.ts";
import { structTypeOf } from "../../table/struct-type.ts";
import { isColumnType, isNumberListType } from "../../table/typed-values.ts";
import { decodeHalf } from "../decode-half.ts";
import { type InstantUnit, instantOf, instantsOf } from "../instants.ts";
import { decodeNestedJson } from "../json/nested-json.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import type { ColumnReading } from "./column-reading.ts";
import { PHYSICAL, type PhysicalValues } from "./encodings.ts";
import { countTexts, decimals, nearestNumbers, numbersOf } from "./exact-readings.ts";
import type { ParquetElement } from "./footer.ts";

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
 * @throws {@link DecodeError} for columns of maps, of structs with fields that are not read, and of
 * lists of anything but numbers
 */
export function columnReadingOf(element: ParquetElement): ColumnReading {
  const { type, name, childCount, list } = element;
  if (list !== undefined) return listReading(name, itemReadingOf(list.element));
  if (childCount > 0) return structReading(element);
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

const REPEATED = 2;
/** The numbers of lists and maps in the older and the newer notation. */
const NESTED_CONVERTED: readonly (number | undefined)[] = [1, 2, 3];
const NESTED_LOGICAL: readonly (number | undefined)[] = [2, 3];

function structReading({ name, repetition, converted, logical, fields }: ParquetElement): ColumnReading {
  const isStruct = !NESTED_CONVERTED.includes(converted) && !NESTED_LOGICAL.includes(logical?.kind);
  const isPlain = repetition !== REPEATED && fields.every((field) => field.repetition !== REPEATED);
  if (!isStruct || !isPlain)
    throw new DecodeError(
      "parquet",
      `column ${name} holds maps, or lists of them or of structures, which are not read; ${OTHERS}`,
    );
  const read = fields.map((element) => ({ element, reading: fieldReadingOf(name, element) }));
  const type = structTypeOf(read.map(({ element, reading }) => [element.name, reading.type]));
  if (type === undefined || new Set(fields.map((field) => field.name)).size !== fields.length)
    throw new DecodeError(
      "parquet",
      `column ${name} holds structures with fields of one name, of JSON, or of nothing but nulls, which are not read; ${OTHERS}`,
    );
  return { type, fields: read, shareable: false, convert: () => [] };
}

function fieldReadingOf(name: string, element: ParquetElement): ColumnReading {
  try {
    return columnReadingOf(element);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    const problem = `column ${name} holds structures with the field ${element.name}, which is not read; ${OTHERS}`;
    throw new DecodeError("parquet", problem, { cause });
  }
}

function listReading(name: string, item: ColumnReading): ColumnReading {
  const type = `${item.type}[]` as const;
  if (!isColumnType(type) || !isNumberListType(type))
    throw new DecodeError("parquet", `column ${name} holds lists of ${item.type}, which are not read; ${OTHERS}`);
  return { type, item, shareable: false, convert: () => [] };
}

/**
 * Determines how to read the numbers in lists. Lists hold only numbers, so decimals become the
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
