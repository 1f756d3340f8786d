/** The same numbers for the same seed, for ever and everywhere. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // Neighboring seeds must not give neighboring numbers.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ (seed >>> 7);
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Returns `true` in this share of all cases. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined && values.length === 0) throw new RangeError("There is nothing to pick from.");
    return value as Value;
  }
}
