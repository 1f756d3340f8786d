/** Sums of fractions are slightly off: a limit of 0.3 must have room for three times 0.1. */
export const TOLERANCE = 1 + 1e-9;

interface RateStart {
  readonly weight: number;
  /** The time of the start; Infinity until the turn in which it begins has ended. */
  atMs: number;
}

/** A rate limit: at most `limit` may begin within any `intervalMs`. */
export class RateWindow {
  readonly limit: number;
  readonly intervalMs: number;
  /** The starts within the last interval, oldest first. */
  readonly #starts: RateStart[] = [];
  #sum = 0;

  constructor(limit: number, intervalMs: number) {
    this.limit = limit;
    this.intervalMs = intervalMs;
  }

  /** Whether something of this weight may begin at this time, which never goes back. */
  fits(weight: number, nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#sum + weight <= this.limit * TOLERANCE;
  }

  /** When something of this weight may begin, if nothing else does; 0 if it may begin now. */
  fitsAtMs(weight: number, nowMs: number): number {
    if (this.fits(weight, nowMs)) return 0;
    let excess = this.#sum + weight - this.limit * TOLERANCE;
    const last = this.#starts.find((start) => {
      excess -= start.weight;
      return excess <= 0;
    });
    return Math.min(last?.atMs ?? Number.POSITIVE_INFINITY, nowMs) + this.intervalMs;
  }

  /**
   * Counts something that begins in this turn of the event loop. Its time is taken at the end of
   * the turn: if the process pauses in between, the next start must not come too early.
   */
  take(weight: number): void {
    const start = { weight, atMs: Number.POSITIVE_INFINITY };
    this.#starts.push(start);
    this.#sum += weight;
    setImmediate(() => {
      start.atMs = performance.now();
    });
  }

  #forget(nowMs: number): void {
    // Both ends of the interval belong to it.
    for (let oldest = this.#starts[0]; oldest !== undefined; oldest = this.#starts[0]) {
      if (oldest.atMs + this.intervalMs >= nowMs) break;
      this.#starts.shift();
      this.#sum -= oldest.weight;
    }
    if (this.#starts.length === 0) this.#sum = 0;
  }
}
