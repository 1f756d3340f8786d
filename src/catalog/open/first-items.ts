/**
 * The first items of many in an order. Only those that are among the first so far are kept, so that
 * a million of them need not be sorted.
 */
export class FirstItems<Item> {
  readonly #most: number;
  readonly #compare: (one: Item, other: Item) => number;
  readonly #items: Item[] = [];

  /** @param compare - negative where the first item comes before the second one */
  constructor(most: number, compare: (one: Item, other: Item) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  add(item: Item): void {
    const last = this.#items.at(-1);
    if (this.#items.length === this.#most && last !== undefined && this.#compare(item, last) >= 0) return;
    let [start, end] = [0, this.#items.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      const other = this.#items[middle];
      if (other === undefined || this.#compare(item, other) < 0) end = middle;
      else start = middle + 1;
    }
    this.#items.splice(start, 0, item);
    if (this.#items.length > this.#most) this.#items.pop();
  }

  toArray(): readonly Item[] {
    return this.#items;
  }
}
