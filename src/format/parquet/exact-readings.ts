import { DecodeError } from "../../errors/format-errors.ts";
import { decimalSizeOf, decimalTypeOf, textOfUnscaled } from "../../table/decimal-text.ts";
import type { ExactTextType } from "../../table/exact-text.ts";
import type { ColumnReading } from "./column-reading.ts";
import { PHYSICAL, type PhysicalValues } from "./encodings.ts";
import type { ParquetElement } from "./footer.ts";

/**
 * Returns the values of a column of numbers. A page without values comes as an empty list of bytes,
 * whatever its type, and becomes an empty typed array.
 */
export function numbersOf(values: PhysicalValues): Exclude<PhysicalValues, Uint8Array[]> {
  return Array.isArray(values) ? new Int32Array(0) : values;
}

/** Converts counts to the texts that say them exactly. */
export function countTexts(type: ExactTextType, textOf: (count: number | bigint) => string | undefined): ColumnReading {
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

export function decimals(element: ParquetElement): ColumnReading {
  const { name, scale } = element;
  const type = decimalTypeOf({ precision: element.precision || mostDigitsOf(element), scale });
  if (type === undefined)
    throw new DecodeError(
      "parquet",
      `column ${name} holds decimals of more digits than are read; other columns can be read without it, by readTable`,
    );
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
export function nearestNumbers({ scale }: ParquetElement): ColumnReading {
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
