import type { Share } from "./limits.ts";
import type { ReadyQueue } from "./ready-queue.ts";

/** Somebody who had a place, gave it back, and wants one again. */
export interface Returner {
  readonly node: number;
  /** Who came earlier has the lower one. */
  readonly ticket: number;
  /** It gets none. */
  refuse(reason: unknown): void;
}

/** All that wait for the same: those who come back first, then nodes. */
export class WaitingLine<Returning extends Returner> {
  readonly share: Share;
  readonly hasRate: boolean;
  readonly nodes: ReadyQueue;
  /** In the order in which they came. */
  readonly returning = new Set<Returning>();
  /** Whether those who look for somebody look here. */
  isBusy = false;
  /** Pools that were once all that the first one here waited for: they are kept for it, or others would take turns in taking one of several from it. */
  readonly #kept: Uint8Array;

  constructor(share: Share, nodes: ReadyQueue) {
    this.share = share;
    this.nodes = nodes;
    this.hasRate = share.pools.some(({ rate }) => rate !== undefined);
    this.#kept = new Uint8Array(share.pools.length);
  }

  firstReturning(): Returning | undefined {
    if (this.returning.size === 0) return undefined;
    return this.returning.values().next().value;
  }

  /** Whether the first one here may begin. Where not, what it lacks is reserved for it, and nobody later can get it. */
  mayBegin(nowMs: number): boolean {
    const { pools, weights } = this.share;
    let lacking = 0;
    let lacked = 0;
    for (let i = 0; i < pools.length; i++) {
      if (this.#fits(i, nowMs)) continue;
      lacking += 1;
      lacked = i;
    }
    if (lacking === 0) return true;
    if (lacking === 1) this.#kept[lacked] = 1;
    for (let i = 0; i < pools.length; i++) {
      const pool = pools[i];
      if (pool !== undefined && (this.#kept[i] === 1 || !this.#fits(i, nowMs))) pool.reserved += weights[i] as number;
    }
    return false;
  }

  /** Whoever comes next is looked for anew. */
  dropReserved(): void {
    for (const pool of this.share.pools) pool.reserved = 0;
  }

  /** From when on the rates of its pools would let the first one begin; infinity where they do already. */
  rateFitsAtMs(nowMs: number): number {
    let atMs = Number.NEGATIVE_INFINITY;
    const { pools, weights } = this.share;
    for (let i = 0; i < pools.length; i++) {
      const weight = weights[i] as number;
      const rate = pools[i]?.rate;
      if (rate !== undefined && !rate.fits(weight, nowMs)) atMs = Math.max(atMs, rate.fitsAtMs(weight, nowMs));
    }
    return atMs === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : atMs;
  }

  take(): void {
    const { pools, weights } = this.share;
    for (let i = 0; i < pools.length; i++) {
      pools[i]?.take(weights[i] as number);
      pools[i]?.rate?.begin(weights[i] as number);
      this.#kept[i] = 0;
    }
  }

  giveBack(): void {
    const { pools, weights } = this.share;
    for (let i = 0; i < pools.length; i++) pools[i]?.giveBack(weights[i] as number);
  }

  /** What was taken has begun. */
  stamp(): void {
    if (!this.hasRate) return;
    const { pools, weights } = this.share;
    const nowMs = performance.now();
    for (let i = 0; i < pools.length; i++) pools[i]?.rate?.stamp(weights[i] as number, nowMs);
  }

  #fits(index: number, nowMs: number): boolean {
    const pool = this.share.pools[index];
    const weight = this.share.weights[index] as number;
    if (pool === undefined) return true;
    return pool.hasRoom(weight) && (pool.rate === undefined || pool.rate.fits(pool.reserved + weight, nowMs));
  }
}
