import { orAborted } from "../../util/concurrency/on-abort.ts";
import type { Store, StoreCallOptions } from "../store.ts";

/** An attempt to open a store, and the number of calls that wait for it. */
interface Attempt {
  readonly store: Promise<Store>;
  readonly callOff: AbortController;
  callers: number;
}

/**
 * A store that the first call opens for all calls. After a failure, such as a missing package, the
 * next call tries again.
 */
export class SharedOpening {
  readonly #open: (call: StoreCallOptions) => Promise<Store>;
  #opened: Store | undefined;
  #attempt: Attempt | undefined;

  constructor(open: (call: StoreCallOptions) => Promise<Store>) {
    this.#open = open;
  }

  /** The store, once it is open. */
  get opened(): Store | undefined {
    return this.#opened;
  }

  /**
   * @param options - of the call that needs the store, if it has any
   * @throws the reason of the call's signal, at once. The attempt itself is aborted when the last
   * call stops waiting for it.
   */
  async store(options: unknown): Promise<Store> {
    if (this.#opened !== undefined) return this.#opened;
    const signal = signalOf(options);
    signal?.throwIfAborted();
    this.#attempt ??= this.#begin();
    const attempt = this.#attempt;
    attempt.callers++;
    try {
      return await orAborted(attempt.store, signal);
    } finally {
      attempt.callers--;
      if (attempt.callers === 0) this.#end(attempt);
    }
  }

  #begin(): Attempt {
    const callOff = new AbortController();
    const store = this.#open({ signal: callOff.signal }).then((opened) => {
      this.#opened = opened;
      return opened;
    });
    // All calls that wait for the store may be gone before it fails.
    store.catch(() => {});
    return { store, callOff, callers: 0 };
  }

  #end(attempt: Attempt): void {
    if (this.#attempt === attempt) this.#attempt = undefined;
    attempt.callOff.abort();
  }
}

/** Recognizes a signal by its methods: it may come from another realm than this module. */
function signalOf(options: unknown): AbortSignal | undefined {
  const { signal } = Object(options) as { readonly signal?: Partial<AbortSignal> };
  return typeof signal?.throwIfAborted === "function" ? (signal as AbortSignal) : undefined;
}
