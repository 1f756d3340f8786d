import type { DataType } from "apache-arrow";
import { type DecimalType, decimalSizeOf, isDecimalType, unscaledOf } from "../../table/decimal-text.ts";
import type { ExactTextType } from "../../table/exact-text.ts";
import { dateTimeOf, daysOf, plainTypes, timeOf } from "../../table/plain-time.ts";

type Arrow = typeof import("apache-arrow");

/** Arrow's type for a column of dates, times or decimals. */
export function exactTypeOf(arrow: Arrow, type: ExactTextType): DataType {
  if (isDecimalType(type)) {
    const { precision, scale } = decimalSizeOf(type);
    return new arrow.Decimal(scale, precision, decimalBytesOf(type) * 8);
  }
  const { kind, unit } = plainTypes[type];
  if (kind === "date") return new arrow.DateDay();
  const { MILLISECOND, MICROSECOND, NANOSECOND } = arrow.TimeUnit;
  const counted = { ms: MILLISECOND, us: MICROSECOND, ns: NANOSECOND }[unit];
  if (kind === "dateTime") return new arrow.Timestamp(counted);
  return new arrow.Time(counted, unit === "ms" ? 32 : 64);
}

/** Converts texts to the buffer that Arrow has for their type. */
export function exactDataOf(
  type: ExactTextType,
  texts: readonly unknown[],
  isNull: (row: number) => boolean,
): ArrayBufferView {
  const { length } = texts;
  if (isDecimalType(type)) return decimalsOf(type, texts, isNull);
  const { kind, unit } = plainTypes[type];
  const data =
    kind === "date" || (kind === "time" && unit === "ms") ? new Int32Array(length) : new BigInt64Array(length);
  for (let row = 0; row < length; row++) {
    if (isNull(row)) continue;
    const text = String(texts[row]);
    const count = kind === "date" ? daysOf(text) : kind === "time" ? timeOf(text, unit) : dateTimeOf(text, unit);
    if (data instanceof Int32Array) data[row] = Number(count);
    else data[row] = BigInt(count ?? 0);
  }
  return data;
}

/** Most tools read decimals of 128 bits; longer ones take 256. */
function decimalBytesOf(type: DecimalType): 16 | 32 {
  return decimalSizeOf(type).precision <= 38 ? 16 : 32;
}

/** The digits of each decimal in two's complement, little-endian. */
function decimalsOf(type: DecimalType, texts: readonly unknown[], isNull: (row: number) => boolean): Uint32Array {
  const words = decimalBytesOf(type) / 4;
  const size = decimalSizeOf(type);
  const data = new Uint32Array(texts.length * words);
  for (let row = 0; row < texts.length; row++) {
    let digits = isNull(row) ? 0n : (unscaledOf(String(texts[row]), size) ?? 0n);
    for (let word = 0; word < words; word++, digits >>= 32n)
      data[row * words + word] = Number(BigInt.asUintN(32, digits));
  }
  return data;
}
