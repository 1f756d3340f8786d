import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { type RateStart, RateWindow, TOLERANCE } from "./rate-window.ts";

/** How much is taken of which pools. */
export type Weights = Readonly<Record<string, number>>;

/** The limits of nodes besides their number. */
export interface LimitOptions {
  readonly pools?: Readonly<Record<string, number>>;
  readonly rateLimits?: Readonly<Record<string, { readonly limit: number; readonly intervalMs: number }>>;
  readonly poolsOf?: (node: number) => Weights | undefined;
  /** The name of a node in error messages. */
  readonly nameOf?: (node: number) => string;
}

/**
 * A limited resource. It limits how much runs at once, or how much starts in an interval, or both.
 */
export class Pool {
  readonly name: string;
  readonly capacity: number;
  readonly rate: RateWindow | undefined;
  /** Kept free for a node that waits, while later nodes are considered. */
  reserved = 0;
  #used = 0;
  #holders = 0;

  constructor(name: string, capacity: number, rate: RateWindow | undefined) {
    this.name = name;
    this.capacity = capacity;
    this.rate = rate;
  }

  fits(weight: number): boolean {
    const wanted = this.reserved + weight;
    return this.#used + wanted <= this.capacity * TOLERANCE && this.rate?.fits(wanted) !== false;
  }

  take(weight: number): void {
    this.#used += weight;
    this.#holders += 1;
  }

  giveBack(weight: number): void {
    this.#holders -= 1;
    // Not a difference of fractions: an empty pool is exactly empty.
    this.#used = this.#holders === 0 ? 0 : this.#used - weight;
  }
}

/** The share of one pool that a node takes. */
export interface Demand {
  readonly pool: Pool;
  readonly weight: number;
}

/** Takes everything that is demanded; returns the starts whose time is still to be set. */
export function takeAll(demands: readonly Demand[]): RateStart[] {
  for (const { pool, weight } of demands) pool.take(weight);
  return demands.flatMap(({ pool, weight }) => pool.rate?.reserve(weight) ?? []);
}

export function giveBackAll(demands: readonly Demand[]): void {
  for (const { pool, weight } of demands) pool.giveBack(weight);
}

/** Sets the time of the starts: rate limits count from now on. */
export function markBegun(starts: readonly RateStart[]): void {
  for (const start of starts) start.atMs = performance.now();
}

/** When the first rate limit that stands in the way lets go, as far as it depends on time alone. */
export function rateFitsAtMs(demands: readonly Demand[]): number {
  const times = demands.flatMap(({ pool: { rate }, weight }) =>
    rate === undefined || rate.fits(weight) ? [] : rate.fitsAtMs(weight),
  );
  return times.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...times);
}

/** Every pool that has a capacity or a rate. */
export function createPools({ pools = {}, rateLimits = {} }: LimitOptions): readonly Pool[] {
  const capacities = new Map(Object.entries(pools));
  const rates = new Map(Object.entries(rateLimits));
  const names = [...new Set([...capacities.keys(), ...rates.keys()])].sort();
  return names.map((name) => {
    const rate = rates.get(name);
    const capacity = capacities.get(name) ?? Number.POSITIVE_INFINITY;
    if (!(capacity > 0))
      throw new InvalidRunOptionsError(`The pool ${JSON.stringify(name)} has ${capacity}: give it more than 0.`);
    if (rate !== undefined && !(rate.limit > 0 && rate.intervalMs > 0))
      throw new InvalidRunOptionsError(
        `The rate limit of ${JSON.stringify(name)} is ${rate.limit} in ${rate.intervalMs} ms: both must be above 0.`,
      );
    return new Pool(name, capacity, rate && new RateWindow(rate.limit, rate.intervalMs));
  });
}

/**
 * The pools that these weights name. Names without a pool limit nothing.
 *
 * @throws {@link InvalidRunOptionsError} if a pool could never give that much
 */
export function demandsOf(weights: Weights, pools: readonly Pool[], nameOf: () => string): Demand[] {
  const demands: Demand[] = [];
  for (const pool of pools) {
    const weight = Object.hasOwn(weights, pool.name) ? weights[pool.name] : undefined;
    if (weight === undefined || weight === 0) continue;
    const takes = `${nameOf()} takes ${weight} of the pool ${JSON.stringify(pool.name)}`;
    if (!(weight > 0)) throw new InvalidRunOptionsError(`${takes}: it must be a number above 0.`);
    if (weight > pool.capacity * TOLERANCE)
      throw new InvalidRunOptionsError(
        `${takes}, which has ${pool.capacity}: give the pool more, or let it take less.`,
      );
    if (pool.rate !== undefined && weight > pool.rate.limit * TOLERANCE)
      throw new InvalidRunOptionsError(
        `${takes}, of which ${pool.rate.limit} may begin in ${pool.rate.intervalMs} ms: raise that limit, or let it take less.`,
      );
    demands.push({ pool, weight });
  }
  return demands;
}
