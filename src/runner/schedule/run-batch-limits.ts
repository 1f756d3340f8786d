import type { BatchLimits } from "../../pipeline/map/batch-limits.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";
import {
  createPools,
  type Demand,
  demandsOf,
  giveBackAll,
  type LimitOptions,
  type Pool,
  startTimer,
  takeAll,
  type Weights,
} from "./pool.ts";

interface Waiter {
  readonly demands: readonly Demand[];
  readonly begin: () => void;
}

/**
 * Room in the pools of a run for batches inside its generators. Batches are served in the order in
 * which they came, and none passes an earlier one that waits for the same pool.
 */
export class RunBatchLimits implements BatchLimits {
  readonly #pools: readonly Pool[];
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LimitOptions) {
    this.#pools = createPools(options);
  }

  async run<Result>(
    name: string,
    pools: Weights,
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const demands = demandsOf(pools, this.#pools, () => `A batch of ${name}`);
    if (demands.length === 0) return work();
    await this.#waitForRoom(demands, signal);
    try {
      return await work();
    } finally {
      giveBackAll(demands);
      this.#serve();
    }
  }

  #waitForRoom(demands: readonly Demand[], signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
        this.#serve();
      });
      const waiter: Waiter = {
        demands,
        begin: () => {
          stopListening();
          resolve();
        },
      };
      this.#waiting.add(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    clearTimeout(this.#timer);
    const awaited = new Set<Pool>();
    const nowMs = performance.now();
    for (const waiter of this.#waiting) {
      const { demands } = waiter;
      if (demands.every(({ pool, weight }) => !awaited.has(pool) && pool.fits(weight, nowMs))) {
        this.#waiting.delete(waiter);
        takeAll(demands);
        waiter.begin();
      } else {
        for (const { pool } of demands) awaited.add(pool);
      }
    }
    this.#timer = startTimer(this.#waiting, nowMs, () => this.#serve());
  }
}
