import type { InternalCallOptions } from "../context/call-context.ts";
import { workKeyOf } from "../context/wait-graph.ts";
import type { State } from "../declare/state.ts";

const MAX_REMEMBERED = 1000;

interface Failure {
  readonly error: unknown;
  /** The failure is remembered up to this time of the monotonic clock. */
  readonly untilMs: number;
}

const failures = new Map<string, Failure>();

/** Remembers that the generator has failed, if its definition asks for that. */
export function rememberFailure(state: State, error: unknown): void {
  const { maxFailureAge = 0 } = state.declaration;
  if (!(maxFailureAge > 0)) return;
  const [oldest] = failures.keys();
  if (failures.size >= MAX_REMEMBERED && oldest !== undefined) failures.delete(oldest);
  failures.set(workKeyOf(state), { error, untilMs: performance.now() + maxFailureAge });
}

/**
 * Throws the failure that is remembered for this payload. A run, which counts attempts itself, and
 * a caller who asks for a refreshed payload do not get it.
 */
export function throwRemembered(state: State, { refresh, supervisor }: InternalCallOptions): void {
  if (failures.size === 0) return;
  const key = workKeyOf(state);
  const failure = failures.get(key);
  if (failure === undefined) return;
  const isOver = performance.now() >= failure.untilMs;
  if (isOver || refresh === true || supervisor !== undefined) failures.delete(key);
  else throw failure.error;
}
