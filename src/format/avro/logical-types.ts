import { DecodeError } from "../../errors/format-errors.ts";
import type { ColumnType } from "../../table/column.ts";
import { decimalTypeOf, textOfUnscaled } from "../../table/decimal-text.ts";
import { plainTypeOf, type TimeUnit, textOfDateTime, textOfDays, textOfTime } from "../../table/plain-time.ts";
import { type InstantUnit, instantOf } from "../instants.ts";

/** A value of Avro before its logical type is looked at. */
type Raw = number | bigint | Uint8Array;

/** A logical type: the meaning of values of Avro. */
export interface AvroLogical {
  /** The type of a column of them. */
  readonly column: ColumnType;
  /** Returns what a value means; `undefined` for one that the type of the column cannot hold. */
  readonly valueOf: (raw: Raw) => Date | string | undefined;
}

const UNITS: readonly (readonly [suffix: string, unit: TimeUnit, instant: InstantUnit])[] = [
  ["millis", "ms", "millisecond"],
  ["micros", "us", "microsecond"],
  ["nanos", "ns", "nanosecond"],
];
/** The most bytes of a decimal. Those of other programs have up to 32, for 76 digits. */
const MAX_DECIMAL_BYTES = 64;

/**
 * Returns the logical type of a part of a schema. Avro lets readers ignore a logical type that they
 * do not know, or that does not fit.
 */
export function logicalOf(
  kind: string,
  {
    logicalType,
    precision,
    scale = 0,
  }: { readonly logicalType?: unknown; readonly precision?: unknown; readonly scale?: unknown },
): AvroLogical | undefined {
  if (kind === "bytes" || kind === "fixed")
    return logicalType === "decimal" ? decimalOf(Number(precision), Number(scale)) : undefined;
  if (kind !== "int" && kind !== "long") return undefined;
  if (kind === "int" && logicalType === "date")
    return { column: "plainDate", valueOf: (raw) => textOfDays(Number(raw)) };
  for (const [suffix, unit, instant] of UNITS) {
    if (logicalType === `time-${suffix}` && kind === (unit === "ms" ? "int" : "long"))
      return { column: plainTypeOf("time", unit), valueOf: (raw) => textOfTime(Number(raw), unit) };
    if (kind === "int") continue;
    if (logicalType === `timestamp-${suffix}`)
      return {
        column: "date",
        valueOf: (raw) => dateOf(typeof raw === "object" ? Number.NaN : instantOf(raw, instant)),
      };
    if (logicalType === `local-timestamp-${suffix}`)
      return {
        column: plainTypeOf("dateTime", unit),
        valueOf: (raw) => (typeof raw === "object" ? undefined : textOfDateTime(BigInt(raw), unit)),
      };
  }
  return undefined;
}

function dateOf(milliseconds: number): Date | undefined {
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds);
}

/** The bytes of a decimal are a whole number in two's complement, the highest first. */
function decimalOf(precision: number, scale: number): AvroLogical | undefined {
  const column = decimalTypeOf({ precision, scale });
  if (column === undefined) return undefined;
  return {
    column,
    valueOf: (raw) => {
      if (typeof raw !== "object") return undefined;
      if (raw.length > MAX_DECIMAL_BYTES) throw new DecodeError("avro", "a decimal number is longer than 64 bytes");
      const whole = raw.length === 0 ? 0n : BigInt(`0x${Buffer.from(raw).toString("hex")}`);
      return textOfUnscaled(BigInt.asIntN(8 * raw.length, whole), { precision, scale });
    },
  };
}
