import { onAbort } from "./on-abort.ts";

/** Lets a limited number of calls run at the same time; the others wait in line. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws the signal's reason, if it is aborted while the call waits */
  async run<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#waitInLine(signal);
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #waitInLine(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        stopListening();
        resolve();
      };
      this.#waiting.add(begin);
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(begin);
        reject(signal?.reason);
      });
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
