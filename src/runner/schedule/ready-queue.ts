/** A binary heap of nodes: the smallest rank comes first, and among equals the smallest number. */
export class ReadyQueue {
  readonly #ranks: Float64Array;
  readonly #nodes: number[] = [];

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
      if (!this.#isBefore(node, above)) break;
      nodes[at] = above;
      at = parent;
    }
    nodes[at] = node;
  }

  shift(): number | undefined {
    const first = this.#nodes[0];
    const last = this.#nodes.pop();
    if (last !== undefined && this.#nodes.length > 0) this.#sink(last);
    return first;
  }

  /** Puts a node at the top, and moves it down to where it belongs. */
  #sink(node: number): void {
    const nodes = this.#nodes;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const leftNode = nodes[left];
      const rightNode = nodes[left + 1];
      if (leftNode === undefined) break;
      const isRight = rightNode !== undefined && this.#isBefore(rightNode, leftNode);
      const child = isRight ? rightNode : leftNode;
      if (!this.#isBefore(child, node)) break;
      nodes[at] = child;
      at = isRight ? left + 1 : left;
    }
    nodes[at] = node;
  }

  #isBefore(a: number, b: number): boolean {
    const aRank = this.#ranks[a] ?? 0;
    const bRank = this.#ranks[b] ?? 0;
    return aRank < bRank || (aRank === bRank && a < b);
  }
}
