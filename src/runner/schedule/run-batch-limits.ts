import type { BatchLimits } from "../../pipeline/map/batch-limits.ts";
import { createPools, type LimitOptions, type Pool, type Share, shareFor, type Weights } from "./limits.ts";

interface Waiter {
  readonly share: Share;
  readonly grant: () => void;
}

/** Room in the pools of a run for batches inside its generators: first come, first served, and nobody passes one who waits for the same pool. */
export class RunBatchLimits implements BatchLimits {
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LimitOptions) {
    this.#pools = createPools(options);
  }

  async acquire(name: string, pools: Weights, signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted();
    const share = shareFor(pools, this.#pools, () => `A batch of ${name}`);
    if (share.pools.length === 0) return () => {};
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        share,
        grant: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#serve();
    });
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      share.pools.forEach((pool, i) => {
        pool.giveBack(share.weights[i] as number);
      });
      this.#serve();
    };
  }

  #serve(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowMs = performance.now();
    const awaited = new Set<Pool>();
    let wakeAtMs = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#waiting]) {
      const { pools, weights } = waiter.share;
      const fits = pools.every((pool, i) => !awaited.has(pool) && hasRoom(pool, weights[i] as number, nowMs));
      if (!fits) {
        for (const [i, pool] of pools.entries()) {
          awaited.add(pool);
          const weight = weights[i] as number;
          if (pool.rate !== undefined && !pool.rate.fits(weight, nowMs))
            wakeAtMs = Math.min(wakeAtMs, pool.rate.fitsAtMs(weight, nowMs));
        }
        continue;
      }
      this.#waiting.delete(waiter);
      for (const [i, pool] of pools.entries()) {
        const weight = weights[i] as number;
        pool.take(weight);
        pool.rate?.begin(weight);
        pool.rate?.stamp(weight, nowMs);
      }
      waiter.grant();
    }
    if (wakeAtMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#serve(), Math.max(1, Math.ceil(wakeAtMs - nowMs) + 1));
  }
}

function hasRoom(pool: Pool, weight: number, nowMs: number): boolean {
  return pool.hasRoom(weight) && (pool.rate === undefined || pool.rate.fits(weight, nowMs));
}
