import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { Field } from "./field.ts";
import type { QueryValue } from "./query.ts";

/**
 * The value of a term in the forms in which it is compared: as a text, and as a number if it is
 * one.
 */
export interface Operand {
  readonly text: string;
  /** Whether it is compared with texts alone. */
  readonly isText: boolean;
  readonly number: number | undefined;
  /** The same text as a time, in milliseconds since the epoch. */
  readonly timeMs: number | undefined;
}

/** Says why a value does not fit its field, and what to write instead. */
export interface OperandProblem {
  readonly problem: string;
  readonly hint: string;
}

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const STATES = ["present", "failed", "damaged", "newer"];

/** Relative times count from `nowMs`. */
export function operandOf(field: Field, { text, isText }: QueryValue, nowMs: number): Operand {
  const fact = field.kind === "fact" ? field.fact : undefined;
  return {
    text,
    isText: isText && fact === undefined,
    number: fact === "size" ? sizeOf(text) : fact === "took" ? durationOf(text) : numberOf(text),
    timeMs: timeOf(text, nowMs),
  };
}

/** Facts have values of one kind; params have any. */
export function operandProblem(field: Field, { text }: QueryValue): OperandProblem | undefined {
  if (field.kind !== "fact") return undefined;
  const quoted = JSON.stringify(text);
  const { fact } = field;
  if (fact === "size" && sizeOf(text) === undefined)
    return { problem: `${quoted} is not a size`, hint: "Write it as 300kB or 1MB" };
  if (fact === "took" && durationOf(text) === undefined)
    return { problem: `${quoted} is not a duration`, hint: "Write it as 500ms, 3s, 2min or 1h" };
  if (fact === "created" && timeOf(text, 0) === undefined)
    return {
      problem: `${quoted} is not a time`,
      hint: "Write it as 2026-11-23, 2026-11-23T08:00Z, or -2d for two days ago",
    };
  if (fact === "state" && !STATES.includes(text)) {
    const near = STATES.find((state) => text !== "" && state.startsWith(text.slice(0, 1)));
    return {
      problem: `${quoted} is not a state`,
      hint: `${near === undefined ? "" : `Did you mean ${near}? `}The states are ${STATES.join(", ")}`,
    };
  }
  if (fact === "from" && !/^[0-9a-f]{4,64}$/i.test(text))
    return { problem: `${quoted} is not an address`, hint: "Give at least 4 of its hexadecimal digits" };
  return undefined;
}

export function numberOf(text: string): number | undefined {
  if (text === "NaN") return Number.NaN;
  if (!/^[+-]?(?:\d|\.\d|Infinity$)/.test(text)) return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function sizeOf(text: string): number | undefined {
  return withUnit(text.toLowerCase(), SIZE_UNITS);
}

function durationOf(text: string): number | undefined {
  return withUnit(text, DURATION_UNITS) ?? numberOf(text);
}

function withUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/**
 * Reads a time: `-2d` is two days ago, and a day without a time begins at midnight UTC, as in
 * records.
 */
function timeOf(text: string, nowMs: number): number | undefined {
  if (text.startsWith("-")) {
    const agoMs = withUnit(text.slice(1), DURATION_UNITS);
    return agoMs === undefined ? undefined : nowMs - agoMs;
  }
  if (!isTimeText(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Whether a text looks like a time: `2026`, `2026-11`, `2026-11-23T08:00Z`. */
export function isTimeText(text: string): boolean {
  return /^\d{4}(?:$|-\d\d)/.test(text);
}

/** The text of a value, as people write it. */
export function textOf(value: JsonValue): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  if ("$date" in value && typeof value.$date === "string") return value.$date;
  if ("$number" in value && typeof value.$number === "string") return value.$number;
  if ("$bigint" in value && typeof value.$bigint === "string") return value.$bigint;
  if ("$undefined" in value) return "undefined";
  return JSON.stringify(value);
}

/** Returns the number that a value holds, tagged or not; `undefined` for any other value. */
export function numericValue(value: JsonValue): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "object" || value === null) return undefined;
  if ("$number" in value && typeof value.$number === "string") return Number(value.$number);
  if ("$bigint" in value && typeof value.$bigint === "string") return Number(value.$bigint);
  return undefined;
}

/** Returns the time that a value holds, in milliseconds; `undefined` for any other value. */
export function timeValue(value: JsonValue): number | undefined {
  if (typeof value !== "object" || value === null || !("$date" in value)) return undefined;
  return typeof value.$date === "string" ? Date.parse(value.$date) : undefined;
}
