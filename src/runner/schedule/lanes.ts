/** Numbers the nodes that run at the same time: each gets the lowest number that is free. */
export class Lanes {
  readonly #taken: boolean[] = [];
  readonly #ofNode = new Map<number, number>();

  /** The lane of the node, which it keeps until {@link leave}. */
  of(node: number): number {
    const known = this.#ofNode.get(node);
    if (known !== undefined) return known;
    const free = this.#taken.indexOf(false);
    const lane = free === -1 ? this.#taken.length : free;
    this.#taken[lane] = true;
    this.#ofNode.set(node, lane);
    return lane;
  }

  leave(node: number): void {
    const lane = this.#ofNode.get(node);
    if (lane === undefined) return;
    this.#ofNode.delete(node);
    this.#taken[lane] = false;
  }
}
