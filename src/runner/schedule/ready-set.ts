import { createPools, demandsOf, type LimitOptions, rateFitsAtMs } from "./pool.ts";
import { PoolQueue, type Returner } from "./pool-queue.ts";

/**
 * Everything that is ready to run. Nodes that take the same of the same pools wait in one queue.
 */
export class ReadySet {
  readonly #ranks: Float64Array;
  readonly #isFirstComeFirstServed: boolean;
  /** By node, if any node takes something of a pool. */
  readonly #queueOf: readonly PoolQueue[];
  readonly #unlimited: PoolQueue;
  readonly #waiting = new Set<PoolQueue>();
  #arrivals = 0;
  #size = 0;

  /** @throws {@link InvalidRunOptionsError} if a node takes more of a pool than there is */
  constructor(count: number, options: LimitOptions & { readonly done?: Uint8Array; readonly priority?: Float64Array }) {
    const { done, priority } = options;
    this.#isFirstComeFirstServed = priority === undefined;
    // A node without a priority comes last. NaN could not be ordered.
    this.#ranks =
      priority === undefined
        ? new Float64Array(count)
        : priority.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : -value));
    this.#unlimited = new PoolQueue([], this.#ranks);
    this.#queueOf = this.#createQueues(count, done, options);
  }

  /** How many nodes wait, apart from those that have started before. */
  get size(): number {
    return this.#size;
  }

  queueOf(node: number): PoolQueue {
    return this.#queueOf[node] ?? this.#unlimited;
  }

  add(node: number): void {
    if (this.#isFirstComeFirstServed) this.#ranks[node] = this.#arrivals++;
    const queue = this.queueOf(node);
    queue.nodes.push(node);
    this.#waiting.add(queue);
    this.#size += 1;
  }

  /** Adds a node that has started, gave its place to others, and wants one again. */
  addReturning(running: Returner): void {
    running.queue.returning.add(running);
    this.#waiting.add(running.queue);
  }

  /** Every node that waits for its place again. */
  *returning(): Generator<Returner, void, undefined> {
    for (const queue of [...this.#waiting]) yield* [...queue.returning];
  }

  /**
   * The next node that may start, or a running one that may go on; the caller takes its share of
   * the pools. What an earlier node lacks is reserved for it while later ones are considered, so
   * that light nodes cannot keep a heavy one waiting for ever.
   */
  take({ onlyReturning }: { readonly onlyReturning: boolean }): number | Returner | undefined {
    const passed: PoolQueue[] = [];
    let taken: number | Returner | undefined;
    for (const queue of this.#inOrder(onlyReturning)) {
      if (queue.fits()) {
        taken = this.#takeFrom(queue);
        break;
      }
      queue.reserve();
      passed.push(queue);
    }
    for (const queue of passed) queue.dropReservations();
    return taken;
  }

  /**
   * When a rate limit will let a queue go on that waits for nothing else; after `take` found
   * nothing.
   */
  wakeAtMs(onlyReturning: boolean): number {
    const queues = this.#inOrder(onlyReturning);
    return queues.reduce(
      (soonestMs, { demands }) => Math.min(soonestMs, rateFitsAtMs(demands)),
      Number.POSITIVE_INFINITY,
    );
  }

  #inOrder(onlyReturning: boolean): PoolQueue[] {
    const queues: PoolQueue[] = [];
    for (const queue of this.#waiting) {
      if (queue.isEmpty) this.#waiting.delete(queue);
      else if (!onlyReturning || queue.returning.size > 0) queues.push(queue);
    }
    return queues.length < 2 ? queues : queues.sort((a, b) => this.#compare(a, b));
  }

  /**
   * A running node that wants its place again comes before all nodes: it holds what it has done so
   * far.
   */
  #compare(a: PoolQueue, b: PoolQueue): number {
    const [aTicket, bTicket] = [a.firstTicket, b.firstTicket];
    if (aTicket !== bTicket) return aTicket - bTicket;
    const [aNode, bNode] = [a.nodes.first ?? 0, b.nodes.first ?? 0];
    return (this.#ranks[aNode] ?? 0) - (this.#ranks[bNode] ?? 0) || aNode - bNode;
  }

  #takeFrom(queue: PoolQueue): number | Returner | undefined {
    const returning = queue.firstReturning;
    if (returning !== undefined) {
      queue.returning.delete(returning);
      return returning;
    }
    this.#size -= 1;
    return queue.nodes.shift();
  }

  #createQueues(count: number, done: Uint8Array | undefined, options: LimitOptions): PoolQueue[] {
    const { poolsOf, nameOf = (node) => `node ${node}` } = options;
    const pools = createPools(options);
    const queueOf: PoolQueue[] = [];
    if (poolsOf === undefined || pools.length === 0) return queueOf;
    const known = new Map<string, PoolQueue>([["", this.#unlimited]]);
    for (let node = 0; node < count; node++) {
      const weights = done?.[node] === 1 ? undefined : poolsOf(node);
      const demands = weights === undefined ? [] : demandsOf(weights, pools, () => nameOf(node));
      const key = demands.map(({ pool, weight }) => `${JSON.stringify(pool.name)}:${weight}`).join();
      const queue = known.get(key) ?? new PoolQueue(demands, this.#ranks);
      known.set(key, queue);
      queueOf.push(queue);
    }
    return queueOf;
  }
}
