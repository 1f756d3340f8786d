import { FUTURE_TOLERANCE_MS } from "../../persistable/load/judge-artifact.ts";
import type { IsFresh } from "./pack-store.ts";

/**
 * Tells which items are fresh enough for a call that begins now; `undefined` if all are. Items that
 * are generated during the call are fresh, even if `maxAge` is smaller than the call is long.
 */
export function freshSince(maxAgeMs: number | undefined): IsFresh | undefined {
  if (maxAgeMs === undefined || maxAgeMs === Number.POSITIVE_INFINITY) return undefined;
  const startMs = Date.now();
  return (madeMs) => {
    const isRecent = madeMs >= startMs || startMs - madeMs < maxAgeMs;
    return isRecent && madeMs <= Date.now() + FUTURE_TOLERANCE_MS;
  };
}
