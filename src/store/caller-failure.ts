/**
 * The caller of the store failed, not the store: the caller gave up, or the source of its bytes or
 * its handler of a chunk threw. The store throws the cause to the caller unchanged, even if it
 * looks like a failure of the system.
 */
export class CallerFailure extends Error {}

/** @throws {@link CallerFailure} with the signal's reason. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CallerFailure("the caller gave up", { cause: signal.reason });
}
