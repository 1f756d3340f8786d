import { DecodeError } from "../../errors/format-errors.ts";
import type { NumberListType } from "../../table/column.ts";
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
  | { readonly layout: "cut"; readonly type: "bytes"; readonly widthBytes: number }
  /** The column has no buffers: all its values are null. */
  | { readonly layout: "none"; readonly type: "value" };

/** @throws {@link DecodeError} for structures, maps, and lists of anything but numbers */
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
      return (type?.int(0, 2, 1) ?? 1) === 0 ? dates(4, "day") : dates(8, "millisecond");
    case ARROW.timestamp:
      return timestamp(name, type?.int(0, 2) ?? 0);
    case ARROW.time:
      return { layout: "same", type: (type?.int(1, 4, 32) ?? 32) === 32 ? "int32" : "int64" };
    case ARROW.duration:
      return { layout: "same", type: "int64" };
    case ARROW.decimal:
      return decimal(name, type?.int(1, 4) ?? 0, type?.int(2, 4, 128) ?? 128);
    case ARROW.list:
    case ARROW.fixedList:
    case ARROW.largeList:
      return lists(field);
    case ARROW.struct:
    case ARROW.map:
      throw new DecodeError(
        "arrow",
        `column ${name} holds ${kind === ARROW.map ? "maps" : "structures"}, which are not read; ${OTHERS}`,
      );
    default:
      throw new DecodeError(
        "arrow",
        `column ${name} is of Arrow's type ${arrowTypeName(kind)}, which is not read; ${OTHERS}`,
      );
  }
}

const OTHERS = "other columns can be read without it, by readTable";

function lists({ name, kind, type, children: [child] }: ArrowField): ArrowReading {
  const item = child === undefined || child.dictionary !== undefined ? undefined : arrowReadingOf(child);
  const listType = `${item?.type}[]` as const;
  if (item === undefined || !isColumnType(listType) || !isNumberListType(listType))
    throw new DecodeError(
      "arrow",
      `column ${name} holds lists of something else than numbers, which are not read; ${OTHERS}`,
    );
  const size = kind === ARROW.fixedList ? Math.max(0, type?.int(0, 4) ?? 0) : undefined;
  return { layout: "list", type: listType, item, size, isLarge: kind === ARROW.largeList, name };
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

const UNITS: readonly InstantUnit[] = ["second", "millisecond", "microsecond", "nanosecond"];

function timestamp(name: string, number: number): ArrowReading {
  const unit = UNITS[number];
  if (unit === undefined) throw new DecodeError("arrow", `column ${name} counts time in an unknown unit`);
  return dates(8, unit);
}

/**
 * Times that no Date can hold become NaN here. `assertInstants` refuses them later, and only in
 * rows that are read and are not null.
 */
function dates(widthBytes: 4 | 8, unit: InstantUnit): ArrowReading {
  return {
    layout: "fixed",
    type: "date",
    widthBytes,
    convert: (bytes) =>
      instantsOf(widthBytes === 4 ? copyAligned(bytes, Int32Array) : copyAligned(bytes, BigInt64Array), unit),
  };
}

/** Gives the nearest number: Arrow's decimals have up to 76 digits, a number has about 15. */
function decimal(name: string, scale: number, bitWidth: number): ArrowReading {
  if (![32, 64, 128, 256].includes(bitWidth))
    throw new DecodeError("arrow", `column ${name} holds decimals of ${bitWidth} bits`);
  const widthBytes = bitWidth / 8;
  return {
    layout: "fixed",
    type: "float64",
    widthBytes,
    convert: (bytes, count) =>
      Float64Array.from({ length: count }, (_, i) => {
        const digits = bytes.subarray(i * widthBytes, (i + 1) * widthBytes);
        const hex = Array.from(digits.toReversed(), (byte) => byte.toString(16).padStart(2, "0")).join("");
        return Number(`${BigInt.asIntN(bitWidth, BigInt(`0x${hex}`))}e${-scale}`);
      }),
  };
}
