/**
 * Finds rows by a hash of their cells, without the cells of some columns. It also finds rows with
 * another hash in the same slot, so the caller has to compare.
 */
export class AllButTable {
  readonly #hashOf: (row: number) => number;
  /** The latest row of each slot, plus one; 0 if the slot has no row. */
  #slots = new Int32Array(1024);
  /** For each row, the row before it in the same slot, plus one. */
  #earlier = new Int32Array(1024);
  #count = 0;

  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the rows up to `count - 1`. */
  addUntil(count: number): void {
    if (count > this.#earlier.length) {
      this.#earlier = new Int32Array(Math.ceil(count * 1.125));
      this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(count)));
      this.#count = 0;
    }
    for (; this.#count < count; this.#count += 1) {
      const slot = this.#slotOf(this.#hashOf(this.#count));
      this.#earlier[this.#count] = this.#slots[slot] ?? 0;
      this.#slots[slot] = this.#count + 1;
    }
  }

  /** The latest first. */
  *rowsOf(hash: number): Generator<number> {
    let next = this.#slots[this.#slotOf(hash)] ?? 0;
    while (next > 0) {
      yield next - 1;
      next = this.#earlier[next - 1] ?? 0;
    }
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 16)) & (this.#slots.length - 1);
  }
}
