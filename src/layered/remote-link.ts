import { ObjectExistsError, ObjectTooLargeError, StoreError, type StoreOperation } from "../errors/store-errors.ts";
import type { Store, StoreCallOptions, StoreEntry } from "../store/store.ts";
import { orAborted } from "../util/concurrency/on-abort.ts";
import { Slots } from "../util/concurrency/slots.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { SourceFailure } from "./copy-object.ts";

/** A failure of a remote store, as it is told. */
export interface RemoteFailure {
  readonly operation: StoreOperation;
  readonly path: string;
  readonly error: StoreError;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** {@link RemoteFailure}, with how many there are. */
export interface RemoteFailureEvent extends RemoteFailure {
  /** All failures so far. */
  readonly count: number;
  /** Those since the last event that no event of their own was made for. */
  readonly untold: number;
  /**
   * How long the remote is left alone now, in milliseconds; 0 where the next call asks it again.
   */
  readonly restMs: number;
}

/** How a remote store has failed so far. */
export interface RemoteFailures {
  readonly count: number;
  /** Calls that were not sent to the remote, because it was being left alone. */
  readonly skipped: number;
  /** Since it last answered. */
  readonly inARow: number;
  readonly byOperation: Readonly<Partial<Record<StoreOperation, number>>>;
  readonly last: RemoteFailure | undefined;
  /** How much longer the remote is left alone, in milliseconds; 0 where the next call asks it. */
  readonly restMs: number;
}

/** The remote did not answer, and that was counted and told. */
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
 * A remote store whose failures are not errors: they are counted, told now and then, and after
 * several in a row it is left alone for a while.
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

  /** Let the remote find out what it can do, until it once has. */
  async prepare({ signal }: StoreCallOptions): Promise<void> {
    if (this.#isPrepared || this.#remote.prepare === undefined) return;
    const { url } = this.#remote;
    const prepared = await this.attempt("stat", url, async (remote) => remote.prepare?.({ signal }), signal);
    this.#isPrepared ||= prepared !== unreachable;
  }

  /**
   * The answer of the remote, or that it did not answer. @throws the signal's reason, errors of the
   * caller, and errors that are the answer.
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
   * The same, also while the remote is left alone: for callers who lose more by going on without it
   * than by waiting.
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

  /** For what only the remote can do or know: its failure is counted, and is the caller's too. */
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
   * The entries of a listing, as far as they come; where `isCertain`, all of them, or the failure
   * of the remote.
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
      // Also when the reader does not want the rest of it.
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
    // Only the turn need not be waited for: the remote gives up by itself, and cleans up before it
    // says so.
    await orAborted(started, signal);
    const answer = await asked;
    this.#breaker.succeed();
    return answer;
  }

  /** Counts a failure of the remote. @throws the error, where it is none. */
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
