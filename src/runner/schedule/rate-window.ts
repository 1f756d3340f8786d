/** Sums of fractions are a little off; what is declared as a tenth must fit in ten times. */
const TOLERANCE = 1 + 1e-9;

/** At most `limit` within any stretch of `intervalMs`: remembers when what was begun. */
export class RateWindow {
  readonly limit: number;
  readonly intervalMs: number;
  #times = new Float64Array(16);
  #weights = new Float64Array(16);
  #head = 0;
  #size = 0;
  #sum = 0;
  /** Begun a moment ago, and not yet stamped. */
  #unstamped = 0;

  constructor(limit: number, intervalMs: number) {
    this.limit = limit;
    this.intervalMs = intervalMs;
  }

  /** Whether so much may begin now. */
  fits(weight: number, nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#sum + this.#unstamped + weight <= this.limit * TOLERANCE;
  }

  /** From when on so much may begin, if nothing else does; infinity where that is more than the limit. */
  fitsAtMs(weight: number, nowMs: number): number {
    let excess = this.#sum + this.#unstamped + weight - this.limit * TOLERANCE;
    const mask = this.#times.length - 1;
    for (let i = 0; i < this.#size && excess > 0; i++) {
      const at = (this.#head + i) & mask;
      excess -= this.#weights[at] as number;
      if (excess <= 0) return (this.#times[at] as number) + this.intervalMs;
    }
    if (excess <= 0) return nowMs;
    return excess <= this.#unstamped ? nowMs + this.intervalMs : Number.POSITIVE_INFINITY;
  }

  begin(weight: number): void {
    this.#unstamped += weight;
  }

  /**
   * What was begun counts from now. Stamped when it has begun, not before: a pause in between must not let the next one come too early.
   */
  stamp(weight: number, nowMs: number): void {
    this.#unstamped = Math.max(0, this.#unstamped - weight);
    if (this.#size === this.#times.length) this.#grow();
    const at = (this.#head + this.#size) & (this.#times.length - 1);
    this.#times[at] = nowMs;
    this.#weights[at] = weight;
    this.#size += 1;
    this.#sum += weight;
  }

  #forget(nowMs: number): void {
    const mask = this.#times.length - 1;
    // Not those that are just at the edge: both ends of the stretch belong to it.
    while (this.#size > 0 && (this.#times[this.#head] as number) + this.intervalMs < nowMs) {
      this.#sum -= this.#weights[this.#head] as number;
      this.#head = (this.#head + 1) & mask;
      this.#size -= 1;
    }
    if (this.#size === 0) this.#sum = 0;
  }

  #grow(): void {
    const length = this.#times.length;
    const times = new Float64Array(length * 2);
    const weights = new Float64Array(length * 2);
    for (let i = 0; i < this.#size; i++) {
      const at = (this.#head + i) & (length - 1);
      times[i] = this.#times[at] as number;
      weights[i] = this.#weights[at] as number;
    }
    this.#times = times;
    this.#weights = weights;
    this.#head = 0;
  }
}
