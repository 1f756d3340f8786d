import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { RateWindow, TOLERANCE } from "./rate-window.ts";

/** The amount that is taken of each pool, by its name. */
export type Weights = Readonly<Record<string, number>>;

/** The limits of nodes besides their number. */
export interface LimitOptions {
  readonly pools?: Readonly<Record<string, number>> | undefined;
  readonly rateLimits?: Readonly<Record<string, { readonly limit: number; readonly intervalMs: number }>> | undefined;
}

/**
 * A limited resource. It limits how much runs at once, or how much starts in an interval, or both.
 */
export class Pool {
  readonly name: string;
  readonly capacity: number;
  readonly rate: RateWindow | undefined;
  /** The amount that stays free for earlier nodes while later nodes are considered. */
  reserved = 0;
  #used = 0;
  #holders = 0;

  constructor(name: string, capacity: number, rate: RateWindow | undefined) {
    this.name = name;
    this.capacity = capacity;
    this.rate = rate;
  }

  fits(weight: number, nowMs: number): boolean {
    const wanted = this.reserved + weight;
    return this.#used + wanted <= this.capacity * TOLERANCE && this.rate?.fits(wanted, nowMs) !== false;
  }

  take(weight: number): void {
    this.#used += weight;
    this.#holders += 1;
    this.rate?.take(weight);
  }

  giveBack(weight: number): void {
    this.#holders -= 1;
    // The last holder sets the sum to 0: subtracting fractions could leave a small rest.
    this.#used = this.#holders === 0 ? 0 : this.#used - weight;
  }
}

/** The share of one pool that a node takes. */
export interface Demand {
  readonly pool: Pool;
  readonly weight: number;
}

export function takeAll(demands: readonly Demand[]): void {
  for (const { pool, weight } of demands) pool.take(weight);
}

export function giveBackAll(demands: readonly Demand[]): void {
  for (const { pool, weight } of demands) pool.giveBack(weight);
}

/**
 * Calls back when a rate limit may have room for one of the waiting demands.
 *
 * @param nowMs - when the demands were found to have no room. With a later time, a demand that has
 * got room since would be missed, and would wait for ever.
 */
export function startTimer(
  waiting: Iterable<{ readonly demands: readonly Demand[] }>,
  nowMs: number,
  callback: () => void,
): NodeJS.Timeout | undefined {
  let soonestMs = Number.POSITIVE_INFINITY;
  for (const { demands } of waiting) {
    const atMs = Math.max(0, ...demands.map(({ pool, weight }) => pool.rate?.fitsAtMs(weight, nowMs) ?? 0));
    if (atMs > 0) soonestMs = Math.min(soonestMs, atMs);
  }
  if (soonestMs === Number.POSITIVE_INFINITY) return undefined;
  return setTimeout(callback, Math.min(Math.max(1, Math.ceil(soonestMs - performance.now())), MAX_TIMER_MS));
}

/** The longest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

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
