import { withoutControls } from "./fit-text.ts";

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
  return [...cost].map(([unit, spent]) => `${Number(spent.toPrecision(4))} ${withoutControls(unit)}`).join(", ");
}

/** The first line of what an error says. */
export function describeFailure(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.split("\n", 1)[0] ?? "";
  } catch {
    // An object without a prototype, or a message that throws: a display never ends a run.
    return "an error that cannot be described";
  }
}
