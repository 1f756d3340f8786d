import type { BatchLimits } from "../../pipeline/map/batch-limits.ts";
import { onAbort } from "../../util/concurrency/on-abort.ts";
import {
  createPools,
  type Demand,
  demandsOf,
  giveBackAll,
  type LimitOptions,
  markBegun,
  type Pool,
  rateFitsAtMs,
  takeAll,
  type Weights,
} from "./pool.ts";
import type { RateStart } from "./rate-window.ts";

interface Waiter {
  readonly demands: readonly Demand[];
  readonly begin: (starts: readonly RateStart[]) => void;
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
    const starts = await this.#waitForRoom(demands, signal);
    try {
      return await begin(work, starts);
    } finally {
      giveBackAll(demands);
      this.#serve();
    }
  }

  #waitForRoom(demands: readonly Demand[], signal: AbortSignal | undefined): Promise<readonly RateStart[]> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
        this.#serve();
      });
      const waiter: Waiter = {
        demands,
        begin: (starts) => {
          stopListening();
          resolve(starts);
        },
      };
      this.#waiting.add(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    clearTimeout(this.#timer);
    const awaited = new Set<Pool>();
    let wakeAtMs = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiting) {
      const { demands } = waiter;
      if (demands.every(({ pool, weight }) => !awaited.has(pool) && pool.fits(weight))) {
        this.#waiting.delete(waiter);
        waiter.begin(takeAll(demands));
        continue;
      }
      for (const { pool } of demands) awaited.add(pool);
      wakeAtMs = Math.min(wakeAtMs, rateFitsAtMs(demands));
    }
    if (wakeAtMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#serve(), Math.max(1, Math.ceil(wakeAtMs - performance.now())));
  }
}

/** The rate limit counts from here: the way from permission to the start may have taken a while. */
function begin<Result>(work: () => Promise<Result>, starts: readonly RateStart[]): Promise<Result> {
  try {
    return work();
  } finally {
    markBegun(starts);
  }
}
