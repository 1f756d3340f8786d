import { hashOfNumber } from "../nearest/number-set.ts";

const FIRST_SLOTS = 1024;

/** Counts how often each number occurs, in a fraction of the time of a `Map`. */
export class NumberCounts {
  /** A free slot holds NaN. The number of slots is a power of two. */
  #numbers = new Float64Array(FIRST_SLOTS).fill(Number.NaN);
  #counts = new Float64Array(FIRST_SLOTS);
  #distinct = 0;

  get distinct(): number {
    return this.#distinct;
  }

  add(number: number, count: number): void {
    // -0 and 0 are one value, and differ in their bits.
    const slot = this.#slotOf(number + 0);
    if (Number.isNaN(this.#numbers[slot])) {
      this.#numbers[slot] = number + 0;
      this.#distinct += 1;
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
    if (this.#distinct * 2 > this.#numbers.length) this.#grow();
  }

  *[Symbol.iterator](): Generator<readonly [number: number, count: number]> {
    for (const [slot, number] of this.#numbers.entries())
      if (!Number.isNaN(number)) yield [number, this.#counts[slot] ?? 0];
  }

  #grow(): void {
    const known = [...this];
    this.#numbers = new Float64Array(this.#numbers.length * 4).fill(Number.NaN);
    this.#counts = new Float64Array(this.#numbers.length);
    for (const [number, count] of known) {
      const slot = this.#slotOf(number);
      this.#numbers[slot] = number;
      this.#counts[slot] = count;
    }
  }

  #slotOf(number: number): number {
    const mask = this.#numbers.length - 1;
    let slot = hashOfNumber(number) & mask;
    for (;;) {
      const other = this.#numbers[slot] ?? Number.NaN;
      if (other === number || Number.isNaN(other)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
