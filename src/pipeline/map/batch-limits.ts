import { AsyncLocalStorage } from "node:async_hooks";

/** The limits of a run for batches inside its generators. */
export interface BatchLimits {
  /**
   * Does the work of a batch as soon as the pools have room for it.
   *
   * @throws what the work throws; the signal's reason; {@link InvalidRunOptionsError} if the pools
   * can never have that much room
   */
  run<Result>(
    name: string,
    pools: Readonly<Record<string, number>>,
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result>;
}

const current = new AsyncLocalStorage<BatchLimits>();

/**
 * Everything that `work` begins keeps to these limits, at any depth: a generator does not know the
 * run that calls it.
 */
export function withBatchLimits<Result>(limits: BatchLimits, work: () => Result): Result {
  return current.run(limits, work);
}

/** Does the work of one batch. If a generator of a run asks for it, the limits of that run hold. */
export function limitBatch<Result>(
  name: string,
  pools: Readonly<Record<string, number>> | undefined,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const limits = current.getStore();
  if (limits === undefined || pools === undefined) return work();
  return limits.run(name, pools, signal, work);
}
