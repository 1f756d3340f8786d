/** A set of numbers that takes a fraction of the memory of a `Set`. */
export class NumberSet {
  /**
   * A free slot holds NaN. The number of slots is a power of two, so that a mask finds the slot of
   * a hash.
   */
  #slots = new Float64Array(64).fill(Number.NaN);
  #count = 0;

  add(number: number): void {
    const slot = this.#slotOf(number);
    if (this.#slots[slot] === number) return;
    this.#slots[slot] = number;
    this.#count += 1;
    if (this.#count * 2 <= this.#slots.length) return;
    const numbers = this.#slots;
    this.#slots = new Float64Array(numbers.length * 2).fill(Number.NaN);
    for (const each of numbers) if (!Number.isNaN(each)) this.#slots[this.#slotOf(each)] = each;
  }

  has(number: number): boolean {
    return this.#slots[this.#slotOf(number)] === number;
  }

  /**
   * Returns the slot of a number; if the number is not in the set, the free slot that it would get.
   */
  #slotOf(number: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOfNumber(number) & mask;
    for (;;) {
      const other = this.#slots[slot] ?? Number.NaN;
      if (other === number || Number.isNaN(other)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

export function hashOfNumber(number: number): number {
  float[0] = number;
  return scramble(Math.imul(words[0] ?? 0, 0x9e3779b1) ^ (words[1] ?? 0));
}

/** Mixes the bits, so that numbers that differ in a few bits get hashes that differ in many. */
export function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
