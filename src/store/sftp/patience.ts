import { CallerFailure } from "../caller-failure.ts";

/** The time that an aborted operation waits for a silent server, to clean up. */
const SILENCE_MS = 1000;

/** One request that an operation waits for. */
interface Waiting {
  /**
   * Returns the number of bytes that came from the server so far; undefined if an abort leaves
   * nothing to clean up.
   */
  readonly heardBytes: (() => number) | undefined;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Decides how long one operation waits for the server. Until its signal is aborted, there is no
 * limit. After that it waits only as long as the server keeps sending, so that the operation can
 * clean up, and gives up after one second of silence.
 */
export class SftpPatience {
  readonly #signal: AbortSignal | undefined;
  /** All requests of the operation that are under way share one listener. */
  readonly #waiting = new Set<Waiting>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * Waits for the work.
   *
   * @throws a {@link CallerFailure} when the patience ends before that
   */
  wait<Value>(work: Promise<Value>, heardBytes?: () => number): Promise<Value> {
    if (this.#signal === undefined) return work;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { heardBytes, reject, timer: undefined };
      this.#begin(waiting);
      const settle = (): void => this.#end(waiting);
      work.then(resolve, reject).then(settle, settle);
    });
  }

  #begin(waiting: Waiting): void {
    if (this.#waiting.size === 0) this.#signal?.addEventListener("abort", this.#onAbort);
    this.#waiting.add(waiting);
    // An operation that was aborted before this request is cleaning up, and may even open the
    // connection again for it.
    if (this.#signal?.aborted) this.#listen(waiting, waiting.heardBytes ?? nothingYet);
  }

  #end(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
    if (this.#waiting.size === 0) this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    for (const waiting of this.#waiting) {
      if (waiting.heardBytes === undefined) this.#giveUp(waiting);
      else this.#listen(waiting, waiting.heardBytes);
    }
  };

  #listen(waiting: Waiting, heardBytes: () => number): void {
    const heard = heardBytes();
    waiting.timer = setTimeout(() => {
      if (heardBytes() === heard) this.#giveUp(waiting);
      else this.#listen(waiting, heardBytes);
    }, SILENCE_MS);
  }

  #giveUp({ reject }: Waiting): void {
    reject(new CallerFailure("the caller gave up", { cause: this.#signal?.reason }));
  }
}

function nothingYet(): number {
  return 0;
}
