import type { Json } from "../../../src/explorer/api.ts";

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
const counts = new Intl.NumberFormat("en");

export function formatCount(count: number): string {
  return counts.format(count);
}

/** `1 artifact`, `1,200 artifacts`. */
export function countOf(count: number, one: string, several = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : several}`;
}

export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return size < 1e4 ? String(value) : formatCount(value);
  return size !== 0 && (size < 1e-4 || size >= 1e15) ? value.toExponential(3) : numbers.format(value);
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  let [amount, unit] = [bytes, 0];
  while (amount >= 1000 && unit < BYTE_UNITS.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return "";
  if (ms < 1) return ms === 0 ? "0 ms" : "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** `2 min ago`; a time in the future, of a clock that is wrong, is "now". */
export function formatAgo(iso: string | undefined, nowMs = Date.now()): string {
  if (iso === undefined) return "";
  const ms = nowMs - Date.parse(iso);
  return ms < 1000 ? "now" : `${formatDuration(Math.floor(ms / 1000) * 1000)} ago`;
}

/** `2026-11-23 10:44:05` in the time zone of the reader. */
export function formatTime(time: string | number | undefined): string {
  if (time === undefined) return "";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

export function formatCost(cost: Readonly<Record<string, number>> | undefined): string {
  return Object.entries(cost ?? {})
    .map(([unit, amount]) => `${formatNumber(amount)} ${unit}`)
    .join(", ");
}

/** A value in one line: text without quotes, what JSON lacks as it reads (`NaN`, a date). */
export function formatValue(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  const tagged = taggedText(value);
  return tagged ?? JSON.stringify(value);
}

/** The text inside `{ $date: "…" }` and the like. */
export function taggedText(value: Json): string | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !entry[0].startsWith("$")) return undefined;
  return typeof entry[1] === "string" || typeof entry[1] === "number" ? String(entry[1]) : undefined;
}

export function isNumeric(value: Json | undefined): value is number {
  return typeof value === "number";
}
