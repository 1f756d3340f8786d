/** Nodes that wait for their turn. */
export interface ReadyQueue {
  readonly size: number;
  push(node: number): void;
  /** The next one, which stays; -1 where there is none. */
  peek(): number;
  /** The next one, which leaves; -1 where there is none. */
  shift(): number;
}

/** First come, first served: a ring that grows with what waits. */
export class FifoQueue implements ReadyQueue {
  size = 0;
  #nodes = new Int32Array(16);
  #head = 0;

  push(node: number): void {
    if (this.size === this.#nodes.length) this.#grow();
    this.#nodes[(this.#head + this.size) & (this.#nodes.length - 1)] = node;
    this.size += 1;
  }

  peek(): number {
    return this.size === 0 ? -1 : (this.#nodes[this.#head] as number);
  }

  shift(): number {
    if (this.size === 0) return -1;
    const node = this.#nodes[this.#head] as number;
    this.#head = (this.#head + 1) & (this.#nodes.length - 1);
    this.size -= 1;
    return node;
  }

  #grow(): void {
    const grown = new Int32Array(this.#nodes.length * 2);
    grown.set(this.#nodes.subarray(this.#head));
    grown.set(this.#nodes.subarray(0, this.#head), this.#nodes.length - this.#head);
    this.#nodes = grown;
    this.#head = 0;
  }
}

/** The largest priority first; among equals the node with the lower number. NaN comes last. */
export class PriorityQueue implements ReadyQueue {
  size = 0;
  readonly #priority: Float64Array;
  // Keys lie beside their nodes, four children together: a level of the heap is one cache line, and no look-up elsewhere.
  #keys = new Float64Array(16);
  #nodes = new Int32Array(16);

  constructor(priority: Float64Array) {
    this.#priority = priority;
  }

  push(node: number): void {
    if (this.size === this.#nodes.length) this.#grow();
    const key = keyOf(this.#priority, node);
    const keys = this.#keys;
    const nodes = this.#nodes;
    let at = this.size;
    this.size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      const parentKey = keys[parent] as number;
      const parentNode = nodes[parent] as number;
      if (parentKey > key || (parentKey === key && parentNode < node)) break;
      keys[at] = parentKey;
      nodes[at] = parentNode;
      at = parent;
    }
    keys[at] = key;
    nodes[at] = node;
  }

  peek(): number {
    return this.size === 0 ? -1 : (this.#nodes[0] as number);
  }

  shift(): number {
    if (this.size === 0) return -1;
    const first = this.#nodes[0] as number;
    this.size -= 1;
    if (this.size > 0) this.#sink(this.#keys[this.size] as number, this.#nodes[this.size] as number);
    return first;
  }

  /** Put this one at the top, and let it sink to where it belongs. */
  #sink(key: number, node: number): void {
    const keys = this.#keys;
    const nodes = this.#nodes;
    const { size } = this;
    let at = 0;
    for (;;) {
      const firstChild = at * 4 + 1;
      if (firstChild >= size) break;
      let best = firstChild;
      let bestKey = keys[best] as number;
      const end = Math.min(firstChild + 4, size);
      for (let child = firstChild + 1; child < end; child++) {
        const childKey = keys[child] as number;
        if (childKey < bestKey) continue;
        if (childKey === bestKey && (nodes[child] as number) > (nodes[best] as number)) continue;
        best = child;
        bestKey = childKey;
      }
      if (bestKey < key || (bestKey === key && (nodes[best] as number) > node)) break;
      keys[at] = bestKey;
      nodes[at] = nodes[best] as number;
      at = best;
    }
    keys[at] = key;
    nodes[at] = node;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    const nodes = new Int32Array(this.#nodes.length * 2);
    keys.set(this.#keys);
    nodes.set(this.#nodes);
    this.#keys = keys;
    this.#nodes = nodes;
  }
}

function keyOf(priority: Float64Array, node: number): number {
  const key = priority[node] as number;
  // NaN is neither before nor after anything, and a heap cannot hold it.
  return Number.isNaN(key) ? Number.NEGATIVE_INFINITY : key;
}
