import { SingleFlight } from "../../util/concurrency/single-flight.ts";
import type { Store, StoreCallOptions } from "../store.ts";

/**
 * A store that the first call opens for all calls. After a failure, such as a missing package, the
 * next call tries again.
 */
export class SharedOpening {
  readonly #open: (call: StoreCallOptions) => Promise<Store>;
  #opened: Store | undefined;
  readonly #opening = new SingleFlight<Store>();

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
    const { promise } = this.#opening.run("store", signal, async (callOff) => {
      this.#opened = await this.#open({ signal: callOff });
      return this.#opened;
    });
    return promise;
  }
}

/** Recognizes a signal by its methods: it may come from another realm than this module. */
function signalOf(options: unknown): AbortSignal | undefined {
  const { signal } = Object(options) as { readonly signal?: Partial<AbortSignal> };
  return typeof signal?.throwIfAborted === "function" ? (signal as AbortSignal) : undefined;
}
