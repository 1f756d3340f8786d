import { type Demand, giveBackAll, takeAll } from "./pool.ts";
import type { RateStart } from "./rate-window.ts";
import { ReadyQueue } from "./ready-queue.ts";

const NO_STARTS: readonly RateStart[] = [];

/** A running node that gave its place to others and wants one again. */
export interface Returner {
  /** The order in which running nodes asked. */
  readonly ticket: number;
  readonly queue: PoolQueue;
  /** The place is there. */
  grant(): void;
  /** There will not be a place. */
  refuse(reason: unknown): void;
}

/** Nodes that take the same of the same pools. */
export class PoolQueue {
  readonly demands: readonly Demand[];
  readonly nodes: ReadyQueue;
  /** Running nodes that want their place again, in the order of their tickets. */
  readonly returning = new Set<Returner>();
  /** Demands that were once the only ones missing. */
  readonly #kept = new Set<Demand>();

  constructor(demands: readonly Demand[], ranks: Float64Array) {
    this.demands = demands;
    this.nodes = new ReadyQueue(ranks);
  }

  get isEmpty(): boolean {
    return this.returning.size === 0 && this.nodes.size === 0;
  }

  get firstReturning(): Returner | undefined {
    if (this.returning.size === 0) return undefined;
    return this.returning.values().next().value;
  }

  /** Infinity if only nodes that have not started wait here. */
  get firstTicket(): number {
    return this.firstReturning?.ticket ?? Number.POSITIVE_INFINITY;
  }

  fits(): boolean {
    return this.demands.every(({ pool, weight }) => pool.fits(weight));
  }

  /**
   * Keeps what is missing free for the first one here. A pool that was once all it waited for stays
   * reserved until it starts: otherwise nodes that need only one of two pools could take turns, and
   * both would never be free at the same time.
   */
  reserve(): void {
    const missing = this.demands.filter(({ pool, weight }) => !pool.fits(weight));
    const [only] = missing;
    if (missing.length === 1 && only !== undefined) this.#kept.add(only);
    for (const { pool, weight } of new Set([...missing, ...this.#kept])) pool.reserved += weight;
  }

  dropReservations(): void {
    for (const { pool } of this.demands) pool.reserved = 0;
  }

  take(): readonly RateStart[] {
    if (this.demands.length === 0) return NO_STARTS;
    this.#kept.clear();
    return takeAll(this.demands);
  }

  giveBack(): void {
    giveBackAll(this.demands);
  }
}
