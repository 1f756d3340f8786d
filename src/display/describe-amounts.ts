import type { DescribedError } from "../errors/described-error.ts";
import { blankedText } from "../errors/visible-text.ts";

/** `350 ms`, `4.2 s`, `3 min 20 s`, `5 h 12 min`. */
export function describeDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `0.12 usd, 1800 tokens`. */
export function describeCost(cost: Iterable<readonly [unit: string, spent: number]>): string {
  return [...cost].map(([unit, spent]) => `${Number(spent.toPrecision(4))} ${blankedText(unit)}`).join(", ");
}

/** The first line of what an error says. */
export function describeFailure({ name, message }: DescribedError): string {
  // An event that comes from elsewhere may have anything in it: a display never ends a run.
  if (typeof message !== "string") return "an error that cannot be described";
  return `${name}: ${message}`.split("\n", 1)[0] ?? "";
}
