import { CallerFailure } from "../caller-failure.ts";

/** How long an aborted operation still waits for a silent server, to clean up what it has begun. */
const SILENCE_MS = 1000;

/** What an operation waits for at this moment. */
interface Waiting {
  /**
   * Bytes that came from the server so far; `undefined` while there is nothing that would have to
   * be cleaned up.
   */
  readonly heardBytes: (() => number) | undefined;
  readonly reject: (error: unknown) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * How long one operation waits for the server. As long as it takes, until its signal is aborted;
 * then for as long as the server says something, so that what was begun can be cleaned up; and no
 * longer than a second in which it is silent.
 */
export class SftpPatience {
  readonly #signal: AbortSignal | undefined;
  /** All requests of the operation that are under way: one listener serves them. */
  readonly #waiting = new Set<Waiting>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** What the work gives. @throws a {@link CallerFailure} when the patience ends before that. */
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
