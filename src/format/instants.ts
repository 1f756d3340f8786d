import { DecodeError } from "../errors/format-errors.ts";
import { type Column, MARK } from "../table/column.ts";
import { isDecimalType } from "../table/decimal-text.ts";
import { type ExactTextType, isExactTextType } from "../table/exact-text.ts";

/** The latest time that a Date can hold, in milliseconds; the earliest is its negative. */
export const MAX_TIME = 8.64e15;

/** The units in which other writers count time. */
export type InstantUnit = "day" | "second" | "millisecond" | "microsecond" | "nanosecond";

const MILLISECONDS: { readonly [Unit in InstantUnit]?: number } = { day: 86_400_000, second: 1000, millisecond: 1 };
const PER_MILLISECOND: { readonly [Unit in InstantUnit]?: number } = { microsecond: 1000, nanosecond: 1_000_000 };

/**
 * Converts another writer's count to milliseconds since 1970. Fractions are cut off downwards,
 * before 1970 as well as after, so that instants keep their order. Returns NaN for a time that no
 * Date can hold.
 */
export function instantOf(count: number | bigint, unit: InstantUnit): number {
  const per = PER_MILLISECOND[unit];
  const milliseconds = per === undefined ? Number(count) * (MILLISECONDS[unit] ?? 1) : dividedDown(count, per);
  return Math.abs(milliseconds) <= MAX_TIME ? milliseconds + 0 : Number.NaN;
}

/** Like {@link instantOf}, for many counts. */
export function instantsOf(counts: ArrayLike<number | bigint>, unit: InstantUnit): Float64Array {
  const instants = new Float64Array(counts.length);
  for (let i = 0; i < counts.length; i++) instants[i] = instantOf(counts[i] ?? 0, unit);
  return instants;
}

/**
 * Divides and rounds down. For counts that a number holds exactly, dividing numbers is exact too,
 * and much quicker.
 */
function dividedDown(count: number | bigint, divisor: number): number {
  const number = Number(count);
  if (Number.isSafeInteger(number)) return Math.floor(number / divisor);
  const value = BigInt(count);
  const rest = value % BigInt(divisor);
  return Number((value - rest) / BigInt(divisor)) - (rest < 0n ? 1 : 0);
}

/**
 * Throws if a column holds something that other writers can write and its type cannot hold, such as
 * a time that is infinity. The readings of such columns give NaN in place of a Date, and undefined
 * in place of a text.
 *
 * @param firstRow - the number of the column's first row in the file
 * @throws {@link DecodeError} with the column and the row
 */
export function assertHeld(format: string, { name, type, values, marks }: Column, firstRow: number): void {
  if (type !== "date" && !isExactTextType(type)) return;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if ((value !== undefined && !Number.isNaN(value)) || (marks !== undefined && marks[row] !== MARK.present)) continue;
    throw new DecodeError(
      format,
      `row ${firstRow + row} of column ${JSON.stringify(name)} ${problemOf(type)}. Other rows and columns can be read without it, by readTable; the program that writes the file can write null instead`,
    );
  }
}

function problemOf(type: "date" | ExactTextType): string {
  if (isDecimalType(type)) return `has more digits than ${type} allows`;
  if (type.startsWith("plainTime")) return "is not a time of day from 00:00 to before 24:00";
  const holder = type === "date" ? "no Date can hold" : `a column of type ${type} cannot hold`;
  return `is infinity, or a time beyond the years -271821 to 275760, which ${holder}`;
}
