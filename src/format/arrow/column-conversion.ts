import { DecodeError } from "../../errors/format-errors.ts";
import type { NumberListType, StructType } from "../../table/column.ts";
import { type DecimalSize, decimalSizeOf, decimalTypeOf, textOfUnscaled } from "../../table/decimal-text.ts";
import type { ExactTextType } from "../../table/exact-text.ts";
import { plainTypeOf, type TimeUnit, textOfDateTime, textOfDays, textOfTime } from "../../table/plain-time.ts";
import { structTypeOf } from "../../table/struct-type.ts";
import { isColumnType, isNumberListType } from "../../table/typed-values.ts";
import { copyAligned } from "../decode-budget.ts";
import { decodeHalf } from "../decode-half.ts";
import { type InstantUnit, instantsOf } from "../instants.ts";
import { COLUMN_ARRAYS, type NumericColumnType } from "../tabular/column-arrays.ts";
import { ARROW, type ArrowField, arrowTypeName } from "./schema.ts";

/** How the values of one column of an Arrow file are converted to a column of this library. */
export type ArrowReading =
  /** The buffer is used as it is. */
  | { readonly layout: "same"; readonly type: NumericColumnType }
  /** Values of a fixed width lie one after the other, and are converted to a typed array. */
  | {
      readonly layout: "fixed";
      readonly type: "date" | "float32" | "float64";
      readonly widthBytes: number;
      convert(bytes: Uint8Array, count: number): Float64Array | Float32Array;
    }
  /** Counts or digits of a fixed width become texts, which `textsOf` makes of the bytes. */
  | {
      readonly layout: "texts";
      readonly type: ExactTextType;
      readonly widthBytes: number;
      textsOf(bytes: Uint8Array): (row: number) => string | undefined;
    }
  | { readonly layout: "bits"; readonly type: "boolean" }
  /** Each value has the bytes from one offset to the next. */
  | {
      readonly layout: "offsets";
      readonly type: "string" | "bytes" | "value";
      readonly isLarge: boolean;
      readonly name: string;
    }
  /** Each value is short and lies in its view, or has its place in another buffer there. */
  | { readonly layout: "views"; readonly type: "string" | "bytes" | "value"; readonly name: string }
  /** Lists of numbers, of any length or all of one `size`. */
  | {
      readonly layout: "list";
      readonly type: NumberListType;
      readonly item: ArrowReading;
      readonly size: number | undefined;
      readonly isLarge: boolean;
      readonly name: string;
    }
  /** Records, whose fields are columns of their own. */
  | { readonly layout: "struct"; readonly type: StructType; readonly fields: readonly ArrowStructField[] }
  | { readonly layout: "cut"; readonly type: "bytes"; readonly widthBytes: number }
  /** The column has no buffers: all its values are null. */
  | { readonly layout: "none"; readonly type: "value" };

export interface ArrowStructField {
  readonly field: ArrowField;
  readonly reading: ArrowReading;
}

/**
 * @throws {@link DecodeError} for maps, for structs with fields that are not read, and for lists of
 * anything but numbers
 */
export function arrowReadingOf(field: ArrowField): ArrowReading {
  const { name, kind, type, extension } = field;
  switch (kind) {
    case ARROW.null:
      return { layout: "none", type: "value" };
    case ARROW.int:
      return integer(name, type?.int(0, 4) ?? 0, type?.bool(1) ?? false);
    case ARROW.float:
      return float(type?.int(0, 2) ?? 0);
    case ARROW.bool:
      return { layout: "bits", type: "boolean" };
    case ARROW.utf8:
    case ARROW.largeUtf8:
      return {
        layout: "offsets",
        type: extension === "arrow.json" ? "value" : "string",
        isLarge: kind === ARROW.largeUtf8,
        name,
      };
    case ARROW.binary:
    case ARROW.largeBinary:
      return { layout: "offsets", type: "bytes", isLarge: kind === ARROW.largeBinary, name };
    case ARROW.utf8View:
      return { layout: "views", type: extension === "arrow.json" ? "value" : "string", name };
    case ARROW.binaryView:
      return { layout: "views", type: "bytes", name };
    case ARROW.fixedBinary:
      return { layout: "cut", type: "bytes", widthBytes: Math.max(0, type?.int(0, 4) ?? 0) };
    case ARROW.date:
      // Dates in milliseconds are instants for some writers, among them apache-arrow.
      return (type?.int(0, 2, 1) ?? 1) === 0 ? plainDates : dates("millisecond");
    case ARROW.timestamp:
      return timestamp(name, type?.int(0, 2) ?? 0, (type?.text(1) ?? "") !== "");
    case ARROW.time:
      return times(name, type?.int(0, 2, 1) ?? 1, type?.int(1, 4, 32) ?? 32);
    case ARROW.duration:
      return { layout: "same", type: "int64" };
    case ARROW.decimal:
      return decimals(name, { precision: type?.int(0, 4) ?? 0, scale: type?.int(1, 4) ?? 0 }, decimalBits(field));
    case ARROW.list:
    case ARROW.fixedList:
    case ARROW.largeList:
      return lists(field);
    case ARROW.struct:
      return structs(field);
    case ARROW.map:
      throw new DecodeError("arrow", `column ${name} holds maps, which are not read; ${OTHERS}`);
    default:
      throw new DecodeError(
        "arrow",
        `column ${name} is of Arrow's type ${arrowTypeName(kind)}, which is not read; ${OTHERS}`,
      );
  }
}

const OTHERS = "other columns can be read without it, by readTable";

function structs({ name, children }: ArrowField): ArrowReading {
  const fields = children.map((field) => ({ field, reading: fieldReadingOf(name, field) }));
  const names = new Set(children.map((child) => child.name));
  const type = structTypeOf(fields.map(({ field, reading }) => [field.name, reading.type]));
  if (type === undefined || names.size !== children.length)
    throw new DecodeError(
      "arrow",
      `column ${name} holds structures with fields of one name, of lists, JSON, or of nothing but nulls, which are not read; ${OTHERS}`,
    );
  return { layout: "struct", type, fields };
}

function fieldReadingOf(name: string, field: ArrowField): ArrowReading {
  try {
    return arrowReadingOf(field);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    const problem = `column ${name} holds structures with the field ${field.name}, which is not read; ${OTHERS}`;
    throw new DecodeError("arrow", problem, { cause });
  }
}

function lists({ name, kind, type, children: [child] }: ArrowField): ArrowReading {
  const item = child === undefined || child.dictionary !== undefined ? undefined : itemReadingOf(child);
  const listType = `${item?.type}[]` as const;
  if (item === undefined || !isColumnType(listType) || !isNumberListType(listType))
    throw new DecodeError(
      "arrow",
      `column ${name} holds lists of something else than numbers, which are not read; ${OTHERS}`,
    );
  const size = kind === ARROW.fixedList ? Math.max(0, type?.int(0, 4) ?? 0) : undefined;
  return { layout: "list", type: listType, item, size, isLarge: kind === ARROW.largeList, name };
}

/**
 * Determines how to read the numbers in lists. Lists hold only numbers, so decimals become the
 * nearest number there, and times of day their count since midnight.
 */
function itemReadingOf(child: ArrowField): ArrowReading {
  const { kind, type } = child;
  if (kind === ARROW.decimal) return nearestNumbers(type?.int(1, 4) ?? 0, decimalBits(child));
  if (kind === ARROW.time) return { layout: "same", type: (type?.int(1, 4, 32) ?? 32) === 32 ? "int32" : "int64" };
  return arrowReadingOf(child);
}

function integer(name: string, bitWidth: number, signed: boolean): ArrowReading {
  const type = `${signed ? "" : "u"}int${bitWidth}` as NumericColumnType;
  if (!Object.hasOwn(COLUMN_ARRAYS, type))
    throw new DecodeError("arrow", `column ${name} holds whole numbers of ${bitWidth} bits`);
  return { layout: "same", type };
}

function float(precision: number): ArrowReading {
  if (precision !== 0) return { layout: "same", type: precision === 1 ? "float32" : "float64" };
  return {
    layout: "fixed",
    type: "float32",
    widthBytes: 2,
    convert: (bytes) => Float32Array.from(copyAligned(bytes, Uint16Array), decodeHalf),
  };
}

/** Arrow's units by their numbers. Seconds are read as milliseconds, which hold them exactly. */
const UNITS: readonly { readonly instant: InstantUnit; readonly plain: TimeUnit; readonly factor: number }[] = [
  { instant: "second", plain: "ms", factor: 1000 },
  { instant: "millisecond", plain: "ms", factor: 1 },
  { instant: "microsecond", plain: "us", factor: 1 },
  { instant: "nanosecond", plain: "ns", factor: 1 },
];

function unitOf(name: string, number: number): (typeof UNITS)[number] {
  const unit = UNITS[number];
  if (unit === undefined) throw new DecodeError("arrow", `column ${name} counts time in an unknown unit`);
  return unit;
}

function timestamp(name: string, number: number, hasZone: boolean): ArrowReading {
  const { instant, plain, factor } = unitOf(name, number);
  if (hasZone) return dates(instant);
  return {
    layout: "texts",
    type: plainTypeOf("dateTime", plain),
    widthBytes: 8,
    textsOf(bytes) {
      const counts = copyAligned(bytes, BigInt64Array);
      return (row) => textOfDateTime((counts[row] ?? 0n) * BigInt(factor), plain);
    },
  };
}

function times(name: string, number: number, bitWidth: number): ArrowReading {
  const { plain, factor } = unitOf(name, number);
  return {
    layout: "texts",
    type: plainTypeOf("time", plain),
    widthBytes: bitWidth === 32 ? 4 : 8,
    textsOf(bytes) {
      const counts = bitWidth === 32 ? copyAligned(bytes, Int32Array) : copyAligned(bytes, BigInt64Array);
      return (row) => textOfTime(Number(counts[row]) * factor, plain);
    },
  };
}

const plainDates: ArrowReading = {
  layout: "texts",
  type: "plainDate",
  widthBytes: 4,
  textsOf(bytes) {
    const days = copyAligned(bytes, Int32Array);
    return (row) => textOfDays(days[row] ?? 0);
  },
};

/**
 * Times that no Date can hold become NaN here. `assertHeld` refuses them later, and only in rows
 * that are read and are not null.
 */
function dates(unit: InstantUnit): ArrowReading {
  return {
    layout: "fixed",
    type: "date",
    widthBytes: 8,
    convert: (bytes) => instantsOf(copyAligned(bytes, BigInt64Array), unit),
  };
}

function decimalBits({ name, type }: ArrowField): number {
  const bitWidth = type?.int(2, 4, 128) ?? 128;
  if ([32, 64, 128, 256].includes(bitWidth)) return bitWidth;
  throw new DecodeError("arrow", `column ${name} holds decimals of ${bitWidth} bits`);
}

function decimals(name: string, stored: DecimalSize, bitWidth: number): ArrowReading {
  const type = decimalTypeOf(stored);
  if (type === undefined)
    throw new DecodeError("arrow", `column ${name} holds decimals of more digits than are read; ${OTHERS}`);
  const size = decimalSizeOf(type);
  // A scale below 0 says how many zeros follow the digits.
  const factor = 10n ** BigInt(Math.max(0, -stored.scale));
  return {
    layout: "texts",
    type,
    widthBytes: bitWidth / 8,
    textsOf: (bytes) => (row) => textOfUnscaled(digitsAt(bytes, row, bitWidth) * factor, size),
  };
}

/** Gives the nearest number: Arrow's decimals have up to 76 digits, a number has about 15. */
function nearestNumbers(scale: number, bitWidth: number): ArrowReading {
  return {
    layout: "fixed",
    type: "float64",
    widthBytes: bitWidth / 8,
    convert: (bytes, count) =>
      Float64Array.from({ length: count }, (_, row) => Number(`${digitsAt(bytes, row, bitWidth)}e${-scale}`)),
  };
}

function digitsAt(bytes: Uint8Array, row: number, bitWidth: number): bigint {
  const width = bitWidth / 8;
  const digits = bytes.subarray(row * width, (row + 1) * width);
  const hex = Array.from(digits.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt.asIntN(bitWidth, BigInt(`0x${hex}`));
}
