/**
 * Whoever called the store failed, not the store: they gave up, or the source of their bytes, or
 * what they do with a chunk. Their error goes through as it is, even when it looks like one of the
 * system's.
 */
export class CallerFailure extends Error {}

/** @throws {@link CallerFailure} with the signal's reason. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CallerFailure("the caller gave up", { cause: signal.reason });
}
