import type { IsFresh } from "./pack-store.ts";

/** Clocks of machines differ by less: an item that is further in the future has expired. */
const FUTURE_TOLERANCE_MS = 60_000;

/**
 * Tells which items are fresh enough for a call that begins now; `undefined` if all are. What is
 * generated during the call is fresh, however small the age is that items may have.
 */
export function freshSince(maxAgeMs: number | undefined): IsFresh | undefined {
  if (maxAgeMs === undefined || maxAgeMs === Number.POSITIVE_INFINITY) return undefined;
  const startMs = Date.now();
  return (madeMs) => {
    const isRecent = madeMs >= startMs || startMs - madeMs < maxAgeMs;
    return isRecent && madeMs <= Date.now() + FUTURE_TOLERANCE_MS;
  };
}
