import type { DescribedError } from "../errors/described-error.ts";
import { blankedText } from "../errors/visible-text.ts";

/**
 * A duration in words: `350 ms`, `4.2 s`, `3 min 20 s`, `5 h 12 min`.
 *
 * @param precision - an estimate has no more digits than it is worth: `4.2 s`, `42 s`, `3 min`
 */
export function describeDuration(durationMs: number, precision: "measured" | "estimate" = "measured"): string {
  const isMeasured = precision === "measured";
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) {
    const seconds = durationMs / 1000;
    return `${isMeasured ? seconds.toFixed(1) : Number(seconds.toPrecision(2))} s`;
  }
  const seconds = Math.round(durationMs / 1000);
  if (isMeasured && seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A cost in words, fractions rounded to four digits: `0.12 usd, 1800 tokens`. */
export function describeCost(cost: Iterable<readonly [unit: string, spent: number]>): string {
  return [...cost]
    .map(([unit, spent]) => `${Number.isInteger(spent) ? spent : Number(spent.toPrecision(4))} ${blankedText(unit)}`)
    .join(", ");
}

/** The first line of what an error says. */
export function describeError({ name, message }: DescribedError): string {
  // An event may come from elsewhere with any value in it, and a display must never end a run.
  if (typeof message !== "string") return "an error that cannot be described";
  return `${name}: ${message}`.split("\n", 1)[0] ?? "";
}
