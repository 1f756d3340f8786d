import { setTimeout as sleep } from "node:timers/promises";
import { isPermanent } from "../errors/is-permanent.ts";
import type { RetryOptions } from "../persistable/declare/declaration.ts";

const DEFAULT_MIN_DELAY_MS = 1000;
const DEFAULT_MAX_DELAY_MS = 60_000;

/** What to do between attempts, and when to give up. */
export interface RetryWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called before each delay. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined;
}

/**
 * Call `attempt` until it succeeds, with growing delays between; failures that another attempt cannot end are not retried. What is thrown in the end is the error of the last attempt.
 *
 * No library does this here, since a run must know of each delay beforehand: it tells it, and gives the place of the waiting node to others.
 *
 * @throws what the last attempt threw; the signal's reason once it is aborted.
 */
export async function retryWithBackoff<Result>(
  retries: number | RetryOptions | undefined,
  attempt: (attempt: number) => Promise<Result>,
  { signal, onRetry }: RetryWatch = {},
): Promise<Result> {
  const options: RetryOptions = typeof retries === "object" ? retries : { retries: retries ?? 0 };
  for (let count = 1; ; count++) {
    try {
      return await attempt(count);
    } catch (error) {
      if (count > options.retries || signal?.aborted === true || isPermanent(error)) throw error;
      if (options.retryIf !== undefined && !options.retryIf(error, count)) throw error;
      const delayMs = delayBefore(count, options);
      onRetry?.(error, count, delayMs);
      await sleep(delayMs, undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
    }
  }
}

function delayBefore(failedAttempts: number, options: RetryOptions): number {
  const { minDelayMs = DEFAULT_MIN_DELAY_MS, maxDelayMs = DEFAULT_MAX_DELAY_MS, factor = 2, jitter = true } = options;
  const delayMs = minDelayMs * factor ** (failedAttempts - 1) * (jitter ? 1 + Math.random() : 1);
  return Math.round(Math.min(delayMs, maxDelayMs));
}
