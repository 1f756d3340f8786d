/** A run that is simulated, with what was measured of its parts. */
export interface SimulatedRun {
  readonly nodes: number;
  readonly slots: number;
  /** Durations of generators are exponential, with this mean. */
  readonly meanMs: number;
  /** The CPU time of the run for one node. It is one process, which does one thing at a time. */
  readonly coordinatorMs: number;
  /** The CPU time of the server of the queue for one job. */
  readonly serverMs: number;
  /** The time from the end of a node to the start of one that waited for it, on an idle queue. */
  readonly latencyMs: number;
  /** How often each worker is killed, and how long its job then waits for another one. */
  readonly deaths?: { readonly everyMs: number; readonly lostMs: number };
}

/**
 * Simulates a run on diamonds of four nodes: a source, two that are made from it, and one that is
 * made from both. Returns how long it takes, in milliseconds.
 */
export function simulateRun({
  nodes,
  slots,
  meanMs,
  coordinatorMs,
  serverMs,
  latencyMs,
  deaths,
}: SimulatedRun): number {
  const random = seededRandom(1);
  const running = new EndHeap(slots);
  const queue: number[] = [];
  const queuedAtMs: number[] = [];
  const sidesDone = new Uint8Array(nodes / 4);
  let [head, coordinatorFreeMs, serverFreeMs, nowMs] = [0, 0, 0, 0];
  const submit = (node: number): void => {
    coordinatorFreeMs = Math.max(coordinatorFreeMs, nowMs) + coordinatorMs;
    serverFreeMs = Math.max(serverFreeMs, coordinatorFreeMs) + serverMs;
    queue.push(node);
    queuedAtMs.push(serverFreeMs);
  };
  for (let source = 0; source < nodes; source += 4) submit(source);
  for (;;) {
    while (running.size < slots && head < queue.length) {
      const startMs = Math.max(nowMs, queuedAtMs[head] ?? 0) + latencyMs;
      running.push(startMs + durationOf(random, meanMs, deaths), queue[head] ?? 0);
      head += 1;
    }
    if (running.size === 0) return nowMs;
    const node = running.popNode();
    nowMs = running.poppedMs;
    const [diamond, corner] = [node >> 2, node & 3];
    if (corner === 0) {
      submit(node + 1);
      submit(node + 2);
    } else if (corner < 3) {
      sidesDone[diamond] = (sidesDone[diamond] ?? 0) + 1;
      if (sidesDone[diamond] === 2) submit(4 * diamond + 3);
    }
  }
}

function durationOf(random: () => number, meanMs: number, deaths: SimulatedRun["deaths"]): number {
  const durationMs = -meanMs * Math.log(1 - random());
  if (deaths === undefined || random() >= durationMs / deaths.everyMs) return durationMs;
  // The worker is killed somewhere on the way, and another one begins again.
  return random() * durationMs + deaths.lostMs + durationMs;
}

/** The nodes that run, the one that ends first on top. */
class EndHeap {
  size = 0;
  poppedMs = 0;
  readonly #ends: Float64Array;
  readonly #nodes: Int32Array;

  constructor(capacity: number) {
    this.#ends = new Float64Array(capacity);
    this.#nodes = new Int32Array(capacity);
  }

  push(endMs: number, node: number): void {
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.#end(parent) > endMs; parent = (at - 1) >> 1) {
      this.#move(parent, at);
      at = parent;
    }
    this.#ends[at] = endMs;
    this.#nodes[at] = node;
  }

  popNode(): number {
    const node = this.#nodes[0] ?? 0;
    this.poppedMs = this.#end(0);
    const last = --this.size;
    const endMs = this.#end(last);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < last && this.#end(child + 1) < this.#end(child)) child += 1;
      if (child >= last || this.#end(child) >= endMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
    return node;
  }

  #end(at: number): number {
    return this.#ends[at] ?? 0;
  }

  #move(from: number, to: number): void {
    this.#ends[to] = this.#end(from);
    this.#nodes[to] = this.#nodes[from] ?? 0;
  }
}

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
