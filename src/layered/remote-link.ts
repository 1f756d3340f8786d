import { ObjectExistsError, ObjectTooLargeError, StoreError, type StoreOperation } from "../errors/store-errors.ts";
import type { Store, StoreCallOptions, StoreEntry } from "../store/store.ts";
import { orAborted } from "../util/concurrency/on-abort.ts";
import { Slots } from "../util/concurrency/slots.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { SourceFailure } from "./copy-object.ts";

/** A failure of a remote store, as `onRemoteFailure` gets it. */
export interface RemoteFailure {
  readonly operation: StoreOperation;
  readonly path: string;
  readonly error: StoreError;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** A {@link RemoteFailure}, and how many failures there were. */
export interface RemoteFailureEvent extends RemoteFailure {
  /** All failures so far. */
  readonly count: number;
  /** The failures since the last event, for which no event was made. */
  readonly untold: number;
  /**
   * How long the remote is not asked from now on, in milliseconds; 0 if the next call asks it
   * again.
   */
  readonly restMs: number;
}

/** How a remote store has failed so far. */
export interface RemoteFailures {
  readonly count: number;
  /** Calls that were not sent to the remote, because it had failed too often just before. */
  readonly skipped: number;
  /** The failures since the remote last answered. */
  readonly inARow: number;
  readonly byOperation: Readonly<Partial<Record<StoreOperation, number>>>;
  readonly last: RemoteFailure | undefined;
  /** How much longer the remote is not asked, in milliseconds; 0 if the next call asks it. */
  readonly restMs: number;
}

/** Returned if the remote did not answer. The failure was counted and reported. */
export const unreachable: unique symbol = Symbol("unreachable");
export type Unreachable = typeof unreachable;

/** How the remote is asked: `attempt`, `insist` or `demand` of {@link RemoteLink}. */
export type Ask = <Value>(
  operation: StoreOperation,
  path: string,
  work: (remote: Store) => Promise<Value>,
  signal?: AbortSignal,
) => Promise<Value | Unreachable>;

const TELL_AT_MOST_EVERY_MS = 5000;

/**
 * Calls a remote store, whose failures are not errors: they are counted and now and then reported,
 * and after several in a row the store is not asked for a while.
 */
export class RemoteLink {
  readonly #remote: Store;
  readonly #slots: Slots;
  readonly #tell: (event: RemoteFailureEvent) => void;
  readonly #breaker = new CircuitBreaker();
  readonly #byOperation: Partial<Record<StoreOperation, number>> = {};
  #isPrepared = false;
  #count = 0;
  #skipped = 0;
  #untold = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #last: RemoteFailure | undefined;

  constructor(remote: Store, concurrency: number, tell: ((event: RemoteFailureEvent) => void) | undefined) {
    this.#remote = remote;
    this.#slots = new Slots(concurrency);
    this.#tell = tell ?? warn;
  }

  /** Let the remote find out what it can do, unless it has done so already. */
  async prepare({ signal }: StoreCallOptions): Promise<void> {
    if (this.#isPrepared || this.#remote.prepare === undefined) return;
    const { url } = this.#remote;
    const prepared = await this.attempt("stat", url, async (remote) => remote.prepare?.({ signal }), signal);
    this.#isPrepared ||= prepared !== unreachable;
  }

  /**
   * Returns the answer of the remote, or `unreachable` if there was none. @throws the signal's
   * reason, errors of the caller, and errors that are the answer.
   */
  async attempt<Value>(
    operation: StoreOperation,
    path: string,
    work: (remote: Store) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value | Unreachable> {
    signal?.throwIfAborted();
    if (!this.#breaker.admit()) {
      this.#skipped++;
      return unreachable;
    }
    return this.insist(operation, path, work, signal);
  }

  /**
   * Like {@link attempt}, but asks even after several failures in a row: for callers who lose more
   * by going on without the remote than by waiting for it.
   */
  async insist<Value>(
    operation: StoreOperation,
    path: string,
    work: (remote: Store) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value | Unreachable> {
    signal?.throwIfAborted();
    try {
      return await this.#ask(work, signal);
    } catch (error) {
      this.#judge(operation, path, error, signal);
      return unreachable;
    }
  }

  /** Asks for what only the remote can do or know: its failure is counted, and is also thrown. */
  async demand<Value>(
    operation: StoreOperation,
    path: string,
    work: (remote: Store) => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value> {
    signal?.throwIfAborted();
    try {
      return await this.#ask(work, signal);
    } catch (error) {
      this.#judge(operation, path, error, signal);
      throw error;
    }
  }

  /**
   * Yields the entries of a listing until the remote fails. If `isCertain`, that failure is thrown:
   * otherwise, the listing just ends.
   */
  async *list(prefix: string, options: StoreCallOptions, isCertain: boolean): AsyncGenerator<StoreEntry> {
    if (!isCertain && !this.#breaker.admit()) {
      this.#skipped++;
      return;
    }
    try {
      yield* this.#remote.list(prefix, options);
      this.#breaker.succeed();
    } catch (error) {
      this.#judge("list", prefix, error, options.signal);
      if (isCertain) throw error;
    } finally {
      // This is also needed when the reader stops before the end of the listing.
      this.#breaker.withdraw();
    }
  }

  failures(): RemoteFailures {
    return {
      count: this.#count,
      skipped: this.#skipped,
      inARow: this.#breaker.failuresInARow,
      byOperation: { ...this.#byOperation },
      last: this.#last,
      restMs: this.#breaker.remainingRestMs,
    };
  }

  async #ask<Value>(work: (remote: Store) => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    let start = (): void => {};
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const asked = this.#slots.run(async () => {
      start();
      signal?.throwIfAborted();
      return work(this.#remote);
    });
    asked.catch(() => {});
    // An abort ends only the wait for a free slot. Once the remote was asked, it ends the call
    // itself on an abort, after it has cleaned up.
    await orAborted(started, signal);
    const answer = await asked;
    this.#breaker.succeed();
    return answer;
  }

  /** Counts a failure of the remote. @throws the error, if it is not a failure of the remote */
  #judge(operation: StoreOperation, path: string, error: unknown, signal: AbortSignal | undefined): void {
    const isAnswer = error instanceof ObjectTooLargeError || error instanceof ObjectExistsError;
    if (signal?.aborted || !(error instanceof StoreError) || isAnswer) {
      if (isAnswer) this.#breaker.succeed();
      else this.#breaker.withdraw();
      throw error instanceof SourceFailure && error.cause !== undefined ? error.cause : error;
    }
    this.#breaker.fail();
    this.#count++;
    this.#byOperation[operation] = (this.#byOperation[operation] ?? 0) + 1;
    this.#last = { operation, path, error, atMs: Date.now() };
    if (performance.now() - this.#toldMs < TELL_AT_MOST_EVERY_MS) this.#untold++;
    else this.#tellOf(this.#last);
  }

  #tellOf(failure: RemoteFailure): void {
    const untold = this.#untold;
    this.#toldMs = performance.now();
    this.#untold = 0;
    this.#tell({ ...failure, count: this.#count, untold, restMs: this.#breaker.remainingRestMs });
  }
}

function warn({ error, count, restMs }: RemoteFailureEvent): void {
  const rest = restMs > 0 ? ` It is left alone for ${Math.ceil(restMs / 1000)} s.` : "";
  process.emitWarning(`Going on without the remote store, which failed (failure ${count}).${rest} ${error.message}`, {
    type: "RemoteStoreWarning",
    code: error.code,
  });
}
