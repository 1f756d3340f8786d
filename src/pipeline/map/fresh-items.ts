import { FUTURE_TOLERANCE_MS } from "../../persistable/load/judge-artifact.ts";
import type { IsFresh } from "./pack-store.ts";

/** The age from which items have expired: the same for all, or one that each payload says. */
export type ItemMaxAge = number | ((payload: never, made: { readonly createdAt: string }) => number) | undefined;

/** Says which items are fresh enough for one call. */
export interface Freshness {
  /** Says it by the time alone; `undefined` where all items are, as far as the time says. */
  readonly isFresh: IsFresh | undefined;
  /** Says it by the loaded payload; `undefined` where the time alone decides. */
  readonly isFreshPayload: ((payload: unknown, madeMs: number) => boolean) | undefined;
}

/**
 * Tells which items are fresh enough for a call that begins now. Items that are generated during
 * the call are fresh, even if `maxAge` is smaller than the call is long.
 */
export function freshnessOf(maxAge: ItemMaxAge): Freshness {
  const startMs = Date.now();
  if (typeof maxAge !== "function") return { isFresh: freshSince(startMs, maxAge), isFreshPayload: undefined };
  const isFreshPayload = (payload: unknown, madeMs: number): boolean => {
    const age = maxAge(payload as never, { createdAt: new Date(madeMs).toISOString() });
    return freshSince(startMs, age)?.(madeMs) !== false;
  };
  return { isFresh: undefined, isFreshPayload };
}

function freshSince(startMs: number, maxAgeMs: number | undefined): IsFresh | undefined {
  if (maxAgeMs === undefined || maxAgeMs === Number.POSITIVE_INFINITY) return undefined;
  return (madeMs) => {
    const isRecent = madeMs >= startMs || startMs - madeMs < maxAgeMs;
    return isRecent && madeMs <= Date.now() + FUTURE_TOLERANCE_MS;
  };
}
