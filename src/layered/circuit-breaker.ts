const FAILURES_TO_OPEN = 3;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;

/**
 * Leaves a service alone for a while after several failures in a row: a second first, twice as long
 * after each attempt that fails again, a minute at most. After a rest one call alone finds out
 * whether it is back.
 */
export class CircuitBreaker {
  #inARow = 0;
  #restMs = 0;
  #restsUntilMs: number | undefined;
  #isTrying = false;

  get failuresInARow(): number {
    return this.#inARow;
  }

  /** How much longer the remote is not asked; 0 if the next call may ask it. */
  get remainingRestMs(): number {
    return this.#restsUntilMs === undefined ? 0 : Math.max(0, this.#restsUntilMs - performance.now());
  }

  /**
   * Whether the caller may ask; a caller that may says how it went, in one of the three ways below.
   */
  admit(): boolean {
    if (this.#restsUntilMs === undefined) return true;
    if (this.#isTrying || this.remainingRestMs > 0) return false;
    this.#isTrying = true;
    return true;
  }

  succeed(): void {
    this.#inARow = 0;
    this.#restMs = 0;
    this.#restsUntilMs = undefined;
    this.#isTrying = false;
  }

  fail(): void {
    this.#inARow++;
    const isFirstRest = this.#restsUntilMs === undefined;
    // Those that were under way when the rest began say nothing new.
    if (isFirstRest ? this.#inARow < FAILURES_TO_OPEN : !this.#isTrying) return;
    this.#restMs = isFirstRest ? FIRST_REST_MS : Math.min(2 * this.#restMs, LONGEST_REST_MS);
    this.#restsUntilMs = performance.now() + this.#restMs;
    this.#isTrying = false;
  }

  /** The caller gave up before there was an answer. */
  withdraw(): void {
    this.#isTrying = false;
  }
}
