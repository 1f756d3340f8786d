import {
  StoreAccessError,
  StoreError,
  type StoreFailure,
  StoreFullError,
  StoreIoError,
  type StoreOperation,
} from "../../errors/store-errors.ts";
import { onAbort, orAborted } from "../../util/concurrency/on-abort.ts";
import { delay } from "../../util/concurrency/retry.ts";
import { CallerFailure } from "../caller-failure.ts";
import { type BucketDriver, type ErrorClass, ObjectChanged } from "./bucket-driver.ts";
import { describeCause } from "./describe-cause.ts";

/** The patience of a bucket with its service. */
export interface BucketPatience {
  /**
   * The number of attempts at one request, the first one included. Default 6, and for a service
   * that has answered before, as many as fit into 30 s.
   */
  readonly attempts: number;
  /**
   * The delay before the second attempt, in milliseconds; it doubles each time, up to 10 s, and is
   * randomized. Default 200.
   */
  readonly delayMs: number;
  /**
   * A request during which no byte has moved for this long, in milliseconds, is aborted and tried
   * again; sending gets more time, depending on the speed so far. Default 30,000.
   */
  readonly stallMs: number;
}

const DEFAULT_ATTEMPTS = 6;
const defaultTiming = { delayMs: 200, stallMs: 30_000 };

const MAX_DELAY_MS = 10_000;
/**
 * How long a request is tried again if the service has answered before. Such a service is likelier
 * to come back than one that was never reached.
 */
const KNOWN_SERVICE_MS = 30_000;
/** A service may ask its clients to wait this long in total for one request. */
const MAX_ASKED_MS = 180_000;
/**
 * The assumed throughput in bytes per millisecond, until a transfer has been measured. After that,
 * a request may be `SLOWER_THAN_SEEN` times slower than the slowest recent one.
 */
const ASSUMED_BYTES_PER_MS = 100;
const SLOWER_THAN_SEEN = 10;
/** An upload slower than this is not worth waiting for. */
const MIN_BYTES_PER_MS = 20;
/** The time of a smaller transfer says more about the round trip than about the throughput. */
const TELLING_BYTES = 256 * 1024;

/** One attempt at a request. */
export interface Attempt {
  /** Aborted when the caller gives up, and when the attempt has stalled. */
  readonly signal: AbortSignal;
  /** The number of attempts before this one. */
  readonly earlier: number;
  /** Records that bytes have moved: the attempt has not stalled. */
  moved(): void;
}

/** Describes a request. */
export interface Request {
  readonly operation: StoreOperation;
  /** The path as a person finds it. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /**
   * The number of bytes that are sent at once. While they are sent, nothing shows whether they
   * move.
   */
  readonly sentBytes?: number;
}

/**
 * Sends requests to one service: retries passing failures, aborts stalled attempts, and reports
 * failures as store errors.
 */
export class BucketRequests {
  readonly #driver: BucketDriver;
  readonly #attempts: number | undefined;
  readonly #delayMs: number;
  readonly #stallMs: number;
  /** Whether the service has answered, and was not given up since. */
  #isThere = false;
  /** The longest time that sending a byte took recently. */
  #msPerByte: number | undefined;

  constructor(driver: BucketDriver, patience: Partial<BucketPatience> = {}) {
    this.#driver = driver;
    this.#attempts = patience.attempts;
    this.#delayMs = patience.delayMs ?? defaultTiming.delayMs;
    this.#stallMs = patience.stallMs ?? defaultTiming.stallMs;
  }

  /**
   * @throws the signal's reason; what a {@link CallerFailure} carries; {@link ObjectChanged}; a
   * StoreError for everything else.
   */
  async send<Answer>(request: Request, work: (attempt: Attempt) => Promise<Answer>): Promise<Answer> {
    const { signal } = request;
    const beganMs = performance.now();
    for (let earlier = 0; ; earlier++) {
      signal?.throwIfAborted();
      const startedMs = performance.now();
      const watched = new StallWatch(signal, this.#stallMs, () => this.#sendingMsOf(request, earlier));
      try {
        const attempt: Attempt = { signal: watched.signal, earlier, moved: () => watched.moved() };
        const answer = await orAborted(work(attempt), watched.signal);
        this.#learn(request, performance.now() - startedMs);
        this.#isThere = true;
        return answer;
      } catch (error) {
        // Ends whatever of the attempt is still under way: an answer that is never read keeps its
        // connection.
        watched.end(error);
        // The caller's reason wins, whatever error the client made of it.
        signal?.throwIfAborted();
        if (error instanceof CallerFailure) throw error.cause;
        if (error instanceof ObjectChanged || error instanceof StoreError) throw error;
        const errorClass = watched.hasStalled ? stalled(this.#stallMs) : this.classify(error);
        if (!watched.hasStalled && errorClass.isAway !== true) this.#isThere = true;
        const waitMs = this.#waitMsOf(earlier, errorClass);
        if (!this.#isWorthAnother(errorClass, earlier + 1, performance.now() - beganMs + waitMs)) {
          this.#isThere &&= !watched.hasStalled && errorClass.isAway !== true;
          throw describe(request, errorClass, error, earlier + 1);
        }
        await delay(waitMs, signal);
      } finally {
        watched.close();
      }
    }
  }

  classify(error: unknown): ErrorClass {
    if (error instanceof EndedEarly) return { kind: "passing", systemCode: undefined, problem: error.message };
    return this.#driver.classify(error);
  }

  /**
   * Returns the time that sending may take, more with each attempt: no event tells how many of the
   * sent bytes have arrived.
   */
  #sendingMsOf({ sentBytes = 0 }: Request, earlier: number): number {
    const seen = this.#msPerByte;
    const expected = 1 / ASSUMED_BYTES_PER_MS;
    const msPerByte = seen === undefined ? expected : Math.min(expected, SLOWER_THAN_SEEN * seen);
    return sentBytes * Math.min(1 / MIN_BYTES_PER_MS, msPerByte * 4 ** earlier);
  }

  #learn({ sentBytes = 0 }: Request, elapsedMs: number): void {
    if (sentBytes < TELLING_BYTES) return;
    this.#msPerByte = Math.max(elapsedMs / sentBytes, (this.#msPerByte ?? 0) * 0.9);
  }

  #waitMsOf(earlier: number, { retryAfterMs = 0 }: ErrorClass): number {
    const backoffMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2 ** earlier);
    // The delay is randomized, so that requests that failed together do not come back together.
    return Math.max(backoffMs * (0.5 + Math.random() / 2), retryAfterMs);
  }

  /** @param byThenMs - how long the request will have taken when the next attempt begins */
  #isWorthAnother({ kind, retryAfterMs }: ErrorClass, attempts: number, byThenMs: number): boolean {
    if (kind !== "passing") return false;
    const isAsked = retryAfterMs !== undefined;
    if (isAsked && byThenMs > MAX_ASKED_MS) return false;
    if (attempts < (this.#attempts ?? DEFAULT_ATTEMPTS)) return true;
    return this.#attempts === undefined && (isAsked || (this.#isThere && byThenMs <= KNOWN_SERVICE_MS));
  }
}

/** The body had fewer bytes than were announced. */
export class EndedEarly extends Error {
  constructor(gotBytes: number, wantedBytes: number) {
    super(`the answer ended after ${gotBytes} of ${wantedBytes} bytes`);
  }
}

/** Aborts an attempt if no byte has moved for too long. */
class StallWatch {
  hasStalled = false;
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #stopListening: () => void;
  readonly #stallMs: number;
  readonly #sendingMs: () => number;
  #lastMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param sendingMs - returns the additional time that sending may take; it is called again, since
   * other requests measure the speed meanwhile
   */
  constructor(caller: AbortSignal | undefined, stallMs: number, sendingMs: () => number) {
    this.#stallMs = stallMs;
    this.#sendingMs = sendingMs;
    this.signal = this.#controller.signal;
    this.#stopListening = onAbort(caller, () => this.#controller.abort(caller?.reason));
    this.#timer = setTimeout(() => this.#look(), stallMs);
  }

  moved(): void {
    this.#lastMs = performance.now();
    // Refreshing a timer that was cleared would start it again.
    this.#timer?.refresh();
  }

  end(reason: unknown): void {
    this.close();
    this.#controller.abort(reason);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopListening();
  }

  #look(): void {
    const leftMs = this.#lastMs + this.#stallMs + this.#sendingMs() - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#look(), Math.min(leftMs, this.#stallMs));
      return;
    }
    this.hasStalled = true;
    this.#controller.abort(new DOMException("No byte has moved.", "TimeoutError"));
  }
}

function stalled(stallMs: number): ErrorClass {
  return { kind: "passing", systemCode: "ETIMEDOUT", problem: `no byte has moved for ${stallMs / 1000} s` };
}

function describe(request: Request, errorClass: ErrorClass, error: unknown, attempts: number): StoreError {
  const { operation, path } = request;
  const { kind, systemCode, problem, isThrottled = false } = errorClass;
  const cause = describeCause(error);
  const failure: StoreFailure = { operation, path, ...(systemCode === undefined ? {} : { systemCode }), cause };
  if (kind === "access") return new StoreAccessError(failure, problem);
  if (kind === "full") return new StoreFullError(failure);
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  if (isThrottled) return new StoreIoError(failure, `${throttled(errorClass)}${tries}`, WAIT);
  const what = problem ?? (cause.message === "" ? "the service failed" : cause.message);
  return new StoreIoError(failure, `${what}${tries}`, CHECK);
}

const WAIT = "Wait a while, or send fewer requests at the same time, then repeat it";
const CHECK = "Check the connection and the service, then repeat it";

function throttled({ retryAfterMs }: ErrorClass): string {
  const asked = retryAfterMs === undefined ? "" : `, and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
  return `the service has too many requests${asked}`;
}
