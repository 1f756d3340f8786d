import fc from "fast-check";
import type { DecimalType } from "../../src/table/decimal-text.ts";
import type { ExactTextType } from "../../src/table/exact-text.ts";

function dates(min: string, max: string): fc.Arbitrary<string> {
  return fc
    .date({ min: new Date(min), max: new Date(max), noInvalidDate: true })
    .map((date) => date.toISOString().replace(/T.*/, ""));
}

const anyDate = fc.oneof(
  dates("-271821-04-20", "+275760-09-13"),
  dates("1900-01-01", "2100-01-01"),
  fc.constantFrom("1970-01-01", "1969-12-31", "2024-02-29", "-000001-12-31", "0000-01-01", "+010000-01-01"),
);

/** Times with up to `digits` digits after the second. */
function times(digits: number): fc.Arbitrary<string> {
  const two = (max: number) => fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, "0"));
  const fraction = fc
    .integer({ min: 0, max: 10 ** digits - 1 })
    .map((number) => `.${String(number).padStart(digits, "0")}`.replace(/\.?0+$/, ""));
  const time = fc.tuple(two(23), two(59), two(59), fc.oneof(fraction, fc.constant("")));
  return fc.oneof(
    time.map(([hours, minutes, seconds, rest]) => `${hours}:${minutes}:${seconds}${rest}`),
    fc.constantFrom("00:00:00", "23:59:59", `23:59:59.${"9".repeat(digits)}`),
  );
}

function dateTimes(date: fc.Arbitrary<string>, digits: number): fc.Arbitrary<string> {
  return fc.tuple(date, times(digits)).map(([day, time]) => `${day}T${time}`);
}

function decimals(precision: number, scale: number): [DecimalType, fc.Arbitrary<string>] {
  const most = 10n ** BigInt(precision) - 1n;
  const texts = fc.oneof(fc.bigInt({ min: -most, max: most }), fc.constantFrom(0n, 1n, -1n, most, -most));
  const textOf = (digits: bigint): string => {
    const padded = String(digits)
      .replace("-", "")
      .padStart(scale + 1, "0");
    const point = padded.length - scale;
    return `${digits < 0n ? "-" : ""}${padded.slice(0, point)}${scale === 0 ? "" : "."}${padded.slice(point)}`;
  };
  return [`decimal(${precision},${scale})`, texts.map(textOf)];
}

/** Texts of each type of dates and times, and of decimals of each size that is stored alike. */
export const exactTexts: readonly (readonly [ExactTextType, fc.Arbitrary<string>])[] = [
  ["plainDate", anyDate],
  ["plainTime", times(6)],
  ["plainTime(ms)", times(3)],
  ["plainTime(ns)", times(9)],
  ["plainDateTime", dateTimes(anyDate, 6)],
  ["plainDateTime(ms)", dateTimes(anyDate, 3)],
  ["plainDateTime(ns)", dateTimes(dates("1677-09-22", "2262-04-10"), 9)],
  decimals(9, 2),
  decimals(18, 0),
  decimals(38, 10),
  decimals(76, 76),
];
