import { onAbort } from "./on-abort.ts";

/** Decides what follows a failed attempt. */
export interface RetryPolicy {
  /**
   * The delay before the next attempt, or `undefined` if the failure is final. It may throw an
   * error of its own, which the caller then sees instead of the attempt's error.
   *
   * @param failedAttempts - at least 1
   */
  readonly delayAfter: (error: unknown, failedAttempts: number) => number | undefined;
  /** An abort ends a delay. The attempt has to watch the signal itself. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `attempt` until it succeeds or the policy gives up. The first attempt has the number 1.
 *
 * @throws the error of the last attempt; what the policy throws; the signal's reason after a delay
 */
export async function retry<Result>(
  attempt: (number: number) => Promise<Result>,
  { delayAfter, signal }: RetryPolicy,
): Promise<Result> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const delayMs = delayAfter(error, number);
      if (delayMs === undefined) throw error;
      await delay(delayMs, signal);
    }
  }
}

/** Waits. An abort ends the wait with the signal's reason. */
export function delay(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening();
      resolve();
    }, delayMs);
    const stopListening = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}
