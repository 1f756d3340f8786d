import { itemAt } from "../../pipeline/item-at.ts";
import { createPools, type Demand, demandsOf, giveBackAll, type Pool, startTimer, takeAll } from "./pool.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { ScheduleOptions } from "./schedule-options.ts";

/** A queue of nodes that take the same amounts of the same pools. */
interface PoolQueue {
  readonly demands: readonly Demand[];
  readonly nodes: ReadyQueue;
  /** Demands that were once the only ones missing for the first node. */
  readonly kept: Set<Demand>;
}

/** The ranks of nodes that return are between these. */
const FIRST_RANK = Number.MIN_SAFE_INTEGER;
const FIRST_OTHER_RANK = FIRST_RANK / 2;

/** The nodes that could run now, and the shares of the pools of those that do. */
export class ReadySet {
  readonly #ranks: Float64Array;
  readonly #isFirstComeFirstServed: boolean;
  readonly #pools: readonly Pool[];
  /** By node. */
  readonly #queueOf: readonly PoolQueue[];
  /** The queues in which nodes wait. */
  readonly #waiting = new Set<PoolQueue>();
  #arrivals = 0;
  #isScattered = false;
  /** When `take` looked last. */
  #lookedMs = 0;

  /** @throws {@link InvalidRunOptionsError} if a node takes more of a pool than there is */
  constructor(count: number, options: Omit<ScheduleOptions, "execute">) {
    const { priority } = options;
    this.#isFirstComeFirstServed = priority === undefined;
    // A node without a priority comes last. NaN could not be ordered.
    this.#ranks =
      priority?.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : -value)) ?? new Float64Array(count);
    this.#pools = createPools(options);
    this.#queueOf = this.#createQueues(count, options);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  add(node: number): void {
    if (this.#isFirstComeFirstServed) this.#ranks[node] = this.#arrivals++;
    if (this.#isScattered) this.#ranks[node] = this.#scatteredRank(node);
    this.#push(node);
  }

  /**
   * Gives equal nodes an order of this process's own from now on: another process runs the same
   * graph, and in the same order both would want each node at the same time.
   */
  scatter(): void {
    if (this.#isScattered) return;
    this.#isScattered = true;
    for (const { nodes } of this.#waiting) {
      nodes.keepOnly((node) => {
        this.#ranks[node] = this.#scatteredRank(node);
        return true;
      });
    }
  }

  #scatteredRank(node: number): number {
    const rank = this.#ranks[node] ?? 0;
    // A node that returns stays before all others.
    if (rank < FIRST_OTHER_RANK) return rank;
    if (this.#isFirstComeFirstServed) return Math.random();
    // The rank of a node without a priority is infinite.
    return Number.isFinite(rank) ? rank + Math.random() : Number.MAX_VALUE * (0.5 + Math.random() / 2);
  }

  /**
   * Adds a node that gave its place to others and wants one again. It comes before all nodes that
   * have not started, since it holds what it has done so far.
   */
  addReturning(node: number): void {
    this.#ranks[node] = FIRST_RANK + this.#arrivals++;
    this.#push(node);
  }

  /** Takes out all other nodes. */
  keepOnly(isKept: (node: number) => boolean): void {
    for (const queue of this.#waiting) {
      queue.nodes.keepOnly(isKept);
      if (queue.nodes.size === 0) this.#waiting.delete(queue);
    }
  }

  /**
   * Takes out the next node that may run, with its share of the pools. What an earlier node lacks
   * is reserved for it while later ones are considered, so that light nodes cannot keep a heavy one
   * waiting for ever.
   */
  take(): number | undefined {
    this.#lookedMs = performance.now();
    for (const pool of this.#pools) pool.reserved = 0;
    for (const queue of this.#inOrder()) {
      const missing = queue.demands.filter(({ pool, weight }) => !pool.fits(weight, this.#lookedMs));
      if (missing.length === 0) return this.#takeFrom(queue);
      // If a node has once waited for a single pool, that pool stays reserved until the node
      // starts. Otherwise nodes that need only one of two pools could take turns, and both pools
      // would never be free at the same time.
      if (missing.length === 1) for (const only of missing) queue.kept.add(only);
      for (const { pool, weight } of new Set([...missing, ...queue.kept])) pool.reserved += weight;
    }
    return undefined;
  }

  /** Calls back when a rate limit may let a node start; after `take` found nothing. */
  startTimer(callback: () => void): NodeJS.Timeout | undefined {
    return startTimer(this.#waiting, this.#lookedMs, callback);
  }

  /** Gives back what the node took of the pools. */
  giveBack(node: number): void {
    giveBackAll(itemAt(this.#queueOf, node).demands);
  }

  #push(node: number): void {
    const queue = itemAt(this.#queueOf, node);
    queue.nodes.push(node);
    this.#waiting.add(queue);
  }

  #takeFrom(queue: PoolQueue): number | undefined {
    takeAll(queue.demands);
    queue.kept.clear();
    const node = queue.nodes.shift();
    if (queue.nodes.size === 0) this.#waiting.delete(queue);
    return node;
  }

  #inOrder(): Iterable<PoolQueue> {
    if (this.#waiting.size < 2) return this.#waiting;
    return [...this.#waiting].sort((a, b) => a.nodes.compare(a.nodes.first ?? 0, b.nodes.first ?? 0));
  }

  #createQueues(count: number, options: Omit<ScheduleOptions, "execute">): PoolQueue[] {
    const { done, poolsOf, nameOf = (node) => `node ${node}` } = options;
    const pools = this.#pools;
    const known = new Map<string, PoolQueue>();
    return Array.from({ length: count }, (_, node) => {
      const weights = done?.[node] === 1 || pools.length === 0 ? undefined : poolsOf?.(node);
      const demands = weights === undefined ? [] : demandsOf(weights, pools, () => nameOf(node));
      const key = demands.map(({ pool, weight }) => `${JSON.stringify(pool.name)}:${weight}`).join();
      const queue = known.get(key) ?? { demands, nodes: new ReadyQueue(this.#ranks), kept: new Set() };
      known.set(key, queue);
      return queue;
    });
  }
}
