import { InvalidRunOptionsError } from "../../errors/pipeline-errors.ts";
import { RateWindow } from "./rate-window.ts";

/** What is taken of which pools. */
export type Weights = Readonly<Record<string, number>>;

/** What limits nodes beside their number. */
export interface LimitOptions {
  readonly pools?: Readonly<Record<string, number>>;
  readonly rateLimits?: Readonly<Record<string, { readonly limit: number; readonly intervalMs: number }>>;
  readonly poolsOf?: (node: number) => Weights | undefined;
  /** What a node is called in errors. */
  readonly nameOf?: (node: number) => string;
}

/** Sums of fractions are a little off; what is declared as a tenth must fit in ten times. */
const TOLERANCE = 1 + 1e-9;

/** Something there is only so much of, or that may be taken up only so often. */
export class Pool {
  readonly name: string;
  readonly capacity: number;
  readonly rate: RateWindow | undefined;
  /** Kept free for those whose turn is earlier, while the next one is looked for. */
  reserved = 0;
  #used = 0;
  #holders = 0;

  constructor(name: string, capacity: number, rate: RateWindow | undefined) {
    this.name = name;
    this.capacity = capacity;
    this.rate = rate;
  }

  hasRoom(weight: number): boolean {
    return this.#used + this.reserved + weight <= this.capacity * TOLERANCE;
  }

  take(weight: number): void {
    this.#used += weight;
    this.#holders += 1;
  }

  giveBack(weight: number): void {
    this.#holders -= 1;
    this.#used = this.#holders === 0 ? 0 : this.#used - weight;
  }
}

/** A set of pools with what is taken of each; all nodes that take the same wait in the same line. */
export interface Share {
  readonly pools: readonly Pool[];
  readonly weights: readonly number[];
}

/** What each node takes. */
export interface Shares {
  /** The first one is of those that take nothing. */
  readonly shares: readonly Share[];
  /** The number of each node's share; none where nobody takes anything. */
  readonly shareOf: Int32Array | undefined;
}

/**
 * Ask once what each node takes.
 *
 * @throws {@link InvalidRunOptionsError} where a node could never get it.
 */
export function resolveShares(count: number, done: Uint8Array | undefined, options: LimitOptions): Shares {
  const { poolsOf } = options;
  const shares: Share[] = [{ pools: [], weights: [] }];
  const pools = createPools(options);
  if (poolsOf === undefined || pools.size === 0) return { shares, shareOf: undefined };
  const known = new Map<Weights, number>();
  const numbers = new Map<string, number>([["", 0]]);
  const shareOf = new Int32Array(count);
  for (let node = 0; node < count; node++) {
    const weights = done?.[node] === 1 ? undefined : poolsOf(node);
    if (weights === undefined) continue;
    let number = known.get(weights);
    if (number === undefined) {
      const share = shareFor(weights, pools, () => options.nameOf?.(node) ?? `node ${node}`);
      const key = share.pools.map(({ name }, i) => `${JSON.stringify(name)}:${share.weights[i]}`).join();
      number = numbers.get(key) ?? shares.push(share) - 1;
      numbers.set(key, number);
      known.set(weights, number);
    }
    shareOf[node] = number;
  }
  return { shares, shareOf: shares.length === 1 ? undefined : shareOf };
}

/** Every pool that has a capacity or a rate. */
export function createPools({ pools = {}, rateLimits = {} }: LimitOptions): ReadonlyMap<string, Pool> {
  const names = [...new Set([...Object.keys(pools), ...Object.keys(rateLimits)])].sort();
  return new Map(
    names.map((name) => {
      const rate = Object.hasOwn(rateLimits, name) ? rateLimits[name] : undefined;
      const capacity = Object.hasOwn(pools, name) ? (pools[name] as number) : Number.POSITIVE_INFINITY;
      if (!(capacity > 0))
        throw new InvalidRunOptionsError(`The pool ${JSON.stringify(name)} has ${capacity}: give it more than 0.`);
      if (rate !== undefined && !(rate.limit > 0 && rate.intervalMs > 0))
        throw new InvalidRunOptionsError(
          `The rate limit of ${JSON.stringify(name)} is ${rate.limit} in ${rate.intervalMs} ms: both must be above 0.`,
        );
      return [name, new Pool(name, capacity, rate && new RateWindow(rate.limit, rate.intervalMs))];
    }),
  );
}

/**
 * What somebody takes of the pools that there are.
 *
 * @throws {@link InvalidRunOptionsError} where it could never get that.
 */
export function shareFor(wanted: Weights, pools: ReadonlyMap<string, Pool>, nameOf: () => string): Share {
  const taken: Pool[] = [];
  const weights: number[] = [];
  for (const pool of pools.values()) {
    const weight = Object.hasOwn(wanted, pool.name) ? wanted[pool.name] : undefined;
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
    taken.push(pool);
    weights.push(weight);
  }
  return { pools: taken, weights };
}
