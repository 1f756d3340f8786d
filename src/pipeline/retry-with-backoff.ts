import { isPermanent } from "../errors/is-permanent.ts";
import type { RetryOptions } from "../persistable/declare/declaration.ts";
import { retry } from "../util/concurrency/retry.ts";

const DEFAULT_MIN_DELAY_MS = 1000;
const DEFAULT_MAX_DELAY_MS = 60_000;

/** How a caller follows the retries, and ends them. */
export interface RetryWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called before each delay. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined;
}

/**
 * Calls `attempt` until it succeeds or all `retries` are used, with growing delays in between. It
 * does not retry a failure that would only repeat itself.
 *
 * @throws what the last attempt threw; the signal's reason if it is aborted during a delay
 */
export function retryWithBackoff<Result>(
  retries: number | RetryOptions | undefined,
  attempt: (attempt: number) => Promise<Result>,
  { signal, onRetry }: RetryWatch = {},
): Promise<Result> {
  const options: RetryOptions = typeof retries === "object" ? retries : { retries: retries ?? 0 };
  const delayAfter = (error: unknown, failedAttempts: number): number | undefined => {
    if (failedAttempts > options.retries || signal?.aborted === true || isPermanent(error)) return undefined;
    if (options.retryIf !== undefined && !options.retryIf(error, failedAttempts)) return undefined;
    const delayMs = delayBefore(failedAttempts, options);
    onRetry?.(error, failedAttempts, delayMs);
    return delayMs;
  };
  return retry(attempt, { delayAfter, signal });
}

function delayBefore(failedAttempts: number, options: RetryOptions): number {
  const { minDelayMs = DEFAULT_MIN_DELAY_MS, maxDelayMs = DEFAULT_MAX_DELAY_MS, factor = 2, jitter = true } = options;
  const delayMs = minDelayMs * factor ** (failedAttempts - 1) * (jitter ? 1 + Math.random() : 1);
  return Math.round(Math.min(delayMs, maxDelayMs));
}
