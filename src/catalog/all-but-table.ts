/**
 * Finds rows by a hash of all their cells but those of some columns. Rows whose hashes are equal by
 * chance are found as well: the caller compares.
 */
export class AllButTable {
  /** For each slot the latest row, plus one; 0 where there is none. */
  #slots = new Int32Array(1024);
  /** For each row the one before it in its slot, plus one. */
  #earlier = new Int32Array(512);
  #hashes = new Int32Array(512);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds the next row. */
  add(hash: number): void {
    const row = this.#count;
    if (row === this.#hashes.length) this.#grow();
    this.#hashes[row] = hash;
    this.#count += 1;
    this.#link(row, hash);
  }

  /** The latest first. */
  *rowsOf(hash: number): Iterable<number> {
    let next = this.#slots[slotOf(hash, this.#slots.length)] ?? 0;
    while (next > 0) {
      const row = next - 1;
      if (this.#hashes[row] === hash) yield row;
      next = this.#earlier[row] ?? 0;
    }
  }

  #link(row: number, hash: number): void {
    const slot = slotOf(hash, this.#slots.length);
    this.#earlier[row] = this.#slots[slot] ?? 0;
    this.#slots[slot] = row + 1;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#earlier = new Int32Array(hashes.length);
    this.#slots = new Int32Array(hashes.length * 2);
    for (let row = 0; row < this.#count; row++) this.#link(row, hashes[row] ?? 0);
  }
}

/** The number of slots is a power of two. */
function slotOf(hash: number, slots: number): number {
  return (hash ^ (hash >>> 16)) & (slots - 1);
}
