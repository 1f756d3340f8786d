import { AsyncLocalStorage } from "node:async_hooks";

/** The limits of a run, as far as batches inside its generators are concerned. */
export interface BatchLimits {
  /**
   * Wait until there is room in the pools.
   *
   * @returns how the room is given back
   * @throws the signal's reason; {@link InvalidRunOptionsError} where a batch could never get it
   */
  acquire(name: string, pools: Readonly<Record<string, number>>, signal: AbortSignal | undefined): Promise<() => void>;
}

const current = new AsyncLocalStorage<BatchLimits>();

/** Whatever is begun in `work` keeps to these limits, however deep inside: a generator does not know of the run that calls it. */
export function withBatchLimits<Result>(limits: BatchLimits, work: () => Result): Result {
  return current.run(limits, work);
}

/** Do the work of one batch under the limits of the run that it is part of, if there is one. */
export async function limitBatch<Result>(
  name: string,
  pools: Readonly<Record<string, number>> | undefined,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const limits = current.getStore();
  if (limits === undefined || pools === undefined) return work();
  const release = await limits.acquire(name, pools, signal);
  try {
    return await work();
  } finally {
    release();
  }
}
