/** How long something may compute before others get a turn. */
const SLICE_MS = 50;
/** The clock is looked at once in this number of steps. */
const STEPS_PER_LOOK = 256;

/** Keeps long work from holding up everything else in the process, and lets it be aborted. */
export class PauseTimer {
  readonly #signal: AbortSignal | undefined;
  #steps = 0;
  #endsMs = performance.now() + SLICE_MS;

  /** @throws the signal's reason where it is aborted already. */
  constructor(signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#signal = signal;
  }

  /** Called at every step of the work; `true`: `await pause()` before the next one. */
  isDue(): boolean {
    this.#steps += 1;
    return this.#steps % STEPS_PER_LOOK === 0 && performance.now() > this.#endsMs;
  }

  /** @throws the signal's reason where it was aborted meanwhile. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#endsMs = performance.now() + SLICE_MS;
  }
}
