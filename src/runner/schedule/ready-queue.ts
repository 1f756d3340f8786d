/** A binary heap of nodes: the smallest rank comes first, and among equals the smallest number. */
export class ReadyQueue {
  readonly #ranks: Float64Array;
  #nodes: number[] = [];

  /** @param ranks - by node; the rank of a node stays the same while it is in the queue */
  constructor(ranks: Float64Array) {
    this.#ranks = ranks;
  }

  get size(): number {
    return this.#nodes.length;
  }

  get first(): number | undefined {
    return this.#nodes[0];
  }

  push(node: number): void {
    const nodes = this.#nodes;
    let at = nodes.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = nodes[parent] ?? node;
      if (this.compare(above, node) < 0) break;
      nodes[at] = above;
      at = parent;
    }
    nodes[at] = node;
  }

  shift(): number | undefined {
    const nodes = this.#nodes;
    const first = nodes[0];
    const last = nodes.pop();
    if (last === undefined || nodes.length === 0) return first;
    // The last node moves down from the top to where it belongs.
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < nodes.length && this.compare(nodes[child + 1] ?? 0, nodes[child] ?? 0) < 0) child += 1;
      const below = nodes[child];
      if (below === undefined || this.compare(last, below) < 0) break;
      nodes[at] = below;
      at = child;
    }
    nodes[at] = last;
    return first;
  }

  /**
   * Takes out all other nodes. This visits the whole queue, which is acceptable since it happens
   * rarely.
   */
  keepOnly(isKept: (node: number) => boolean): void {
    // A sorted list is a heap.
    this.#nodes = this.#nodes.filter(isKept).sort((a, b) => this.compare(a, b));
  }

  /** Below 0 if the first node comes before the second one. */
  compare(a: number, b: number): number {
    const aRank = this.#ranks[a] ?? 0;
    const bRank = this.#ranks[b] ?? 0;
    return aRank === bRank ? a - b : aRank - bRank;
  }
}
