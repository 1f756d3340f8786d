/** How finely a column counts time. */
export type TimeUnit = "ms" | "us" | "ns";

interface PlainKind {
  readonly kind: "date" | "time" | "dateTime";
  readonly unit: TimeUnit;
}

/**
 * The column types of dates and times that belong to no time zone. Their names and their texts are
 * those of `Temporal`. Without a unit, a type counts microseconds, as most other tools do.
 */
export const plainTypes = {
  plainDate: { kind: "date", unit: "ms" },
  plainTime: { kind: "time", unit: "us" },
  "plainTime(ms)": { kind: "time", unit: "ms" },
  "plainTime(ns)": { kind: "time", unit: "ns" },
  plainDateTime: { kind: "dateTime", unit: "us" },
  "plainDateTime(ms)": { kind: "dateTime", unit: "ms" },
  "plainDateTime(ns)": { kind: "dateTime", unit: "ns" },
} as const satisfies { readonly [type: string]: PlainKind };

/** A column type of dates or times that belong to no time zone. */
export type PlainType = keyof typeof plainTypes;

/** The column type of a kind of time that is counted in a unit. */
export function plainTypeOf(kind: "time" | "dateTime", unit: TimeUnit): Exclude<PlainType, "plainDate"> {
  const name = kind === "time" ? "plainTime" : "plainDateTime";
  return unit === "us" ? name : `${name}(${unit})`;
}

const PER_SECOND: { readonly [Unit in TimeUnit]: number } = { ms: 1e3, us: 1e6, ns: 1e9 };
const DIGITS: { readonly [Unit in TimeUnit]: number } = { ms: 3, us: 6, ns: 9 };
const SECONDS_OF_A_DAY = 86_400;
const MILLISECONDS_OF_A_DAY = 86_400_000;
/** The days of which `Date` and `Temporal` know, counted from 1970 in both directions. */
const MAX_DAYS = 100_000_000;
/** The length of `T00:00:00.000Z`, which `toISOString` writes after the date. */
const ISO_TIME_LENGTH = 14;

/** The text of a date, from days since 1970: `2026-11-30`. Undefined beyond the years of Date. */
export function textOfDays(days: number): string | undefined {
  if (!(Math.abs(days) <= MAX_DAYS)) return undefined;
  return new Date(days * MILLISECONDS_OF_A_DAY).toISOString().slice(0, -ISO_TIME_LENGTH);
}

const DATE = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d$/;

/** The days since 1970 of a date; undefined for a text that `textOfDays` does not write. */
export function daysOf(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const days = Date.parse(text) / MILLISECONDS_OF_A_DAY;
  return textOfDays(days) === text ? days : undefined;
}

/**
 * The text of a time of day, from a count since midnight: `09:30:00`, or `09:30:00.125` with as
 * many digits as it needs. Undefined for what lies outside of a day.
 */
export function textOfTime(count: number, unit: TimeUnit): string | undefined {
  const per = PER_SECOND[unit];
  if (!(count >= 0 && count < SECONDS_OF_A_DAY * per)) return undefined;
  const seconds = Math.floor(count / per);
  const fraction = count - seconds * per;
  const two = (number: number): string => String(number).padStart(2, "0");
  const whole = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(DIGITS[unit], "0").replace(/0+$/, "")}`;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{0,8}[1-9]))?$/;

/** The count since midnight of a time; undefined for a text that `textOfTime` does not write. */
export function timeOf(text: string, unit: TimeUnit): number | undefined {
  const [, hours, minutes, seconds, fraction = ""] = TIME.exec(text) ?? [];
  if (hours === undefined || fraction.length > DIGITS[unit]) return undefined;
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * PER_SECOND[unit] + Number(fraction.padEnd(DIGITS[unit], "0"));
}

/**
 * The text of a date and time, from a count since 1970: `2026-11-30T09:30:00`. Undefined beyond the
 * years of Date.
 */
export function textOfDateTime(count: bigint, unit: TimeUnit): string | undefined {
  const { days, rest } = splitDays(count, SECONDS_OF_A_DAY * PER_SECOND[unit]);
  const date = textOfDays(days);
  return date === undefined ? undefined : `${date}T${textOfTime(rest, unit)}`;
}

/**
 * The count since 1970 of a date and time; undefined for a text that `textOfDateTime` does not
 * write, or that 64 bits do not hold: in nanoseconds they end in the year 2262.
 */
export function dateTimeOf(text: string, unit: TimeUnit): bigint | undefined {
  const middle = text.indexOf("T");
  const days = daysOf(text.slice(0, Math.max(0, middle)));
  const time = timeOf(text.slice(middle + 1), unit);
  if (days === undefined || time === undefined) return undefined;
  const count = BigInt(days) * BigInt(SECONDS_OF_A_DAY * PER_SECOND[unit]) + BigInt(time);
  return BigInt.asIntN(64, count) === count ? count : undefined;
}

/** Splits a count into whole days and the rest of a day, which is never negative. */
function splitDays(count: bigint, perDay: number): { readonly days: number; readonly rest: number } {
  const number = Number(count);
  // Dividing numbers is exact and far quicker, as long as a number holds the count exactly.
  if (Number.isSafeInteger(number)) {
    const days = Math.floor(number / perDay);
    return { days, rest: number - days * perDay };
  }
  const rest = count % BigInt(perDay);
  const days = Number((count - rest) / BigInt(perDay));
  return rest < 0n ? { days: days - 1, rest: Number(rest) + perDay } : { days, rest: Number(rest) };
}
