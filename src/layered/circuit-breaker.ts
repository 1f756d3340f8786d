const FAILURES_TO_OPEN = 3;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;

/**
 * Keeps calls from a service for a while after several failures in a row: for a second at first,
 * and twice as long after each new attempt that fails, up to a minute. After that time, a single
 * call finds out whether the service is back.
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
   * Returns whether the caller may ask the service. If so, the caller must report the outcome by
   * one of the three methods below.
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
    // Calls that were already under way when the rest began tell nothing new.
    if (isFirstRest ? this.#inARow < FAILURES_TO_OPEN : !this.#isTrying) return;
    this.#restMs = isFirstRest ? FIRST_REST_MS : Math.min(2 * this.#restMs, LONGEST_REST_MS);
    this.#restsUntilMs = performance.now() + this.#restMs;
    this.#isTrying = false;
  }

  /** Called if the caller gave up before there was an answer. */
  withdraw(): void {
    this.#isTrying = false;
  }
}
