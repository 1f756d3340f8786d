/** How long one piece of work may compute before other work gets a turn. */
const SLICE_MS = 50;
/** The number of steps between two looks at the clock. */
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

  /**
   * Called at every step of the work. If it returns `true`, the caller awaits `pause()` before the
   * next step.
   */
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
