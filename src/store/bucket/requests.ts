import { setTimeout as sleep } from "node:timers/promises";
import {
  StoreAccessError,
  StoreError,
  type StoreFailure,
  StoreFullError,
  StoreIoError,
  type StoreOperation,
} from "../../errors/store-errors.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { CallerFailure } from "../caller-failure.ts";
import type { BucketDriver, DriverVerdict } from "./bucket-driver.ts";
import { describeCause } from "./describe-cause.ts";

/** How patient a bucket is with its service. */
export interface BucketPatience {
  /**
   * Of one request, the first one included. Default 6, and where the service was there before, as
   * many as fit into 30 s.
   */
  readonly attempts: number;
  /**
   * Before the second attempt, in milliseconds; doubled each time, up to 10 s, and scattered.
   * Default 200.
   */
  readonly delayMs: number;
  /**
   * A request during which no byte has moved for so long, in milliseconds, is given up and tried
   * anew; sending is given more, by how fast it went before. Default 30,000.
   */
  readonly stallMs: number;
}

const DEFAULT_ATTEMPTS = 6;
const defaultTiming = { delayMs: 200, stallMs: 30_000 };

const MAX_DELAY_MS = 10_000;
/** A service that was there a moment ago is worth a longer wait than one that was never reached. */
const KNOWN_SERVICE_MS = 30_000;
/** In all, for one request, a service may ask its clients to wait so long. */
const MAX_ASKED_MS = 180_000;
/**
 * As long as nothing is known of a connection, it is taken to send so many bytes in a millisecond,
 * and so much faster than what was seen it need not be.
 */
const ASSUMED_BYTES_PER_MS = 100;
const SLOWER_THAN_SEEN = 10;
/** Slower than this no upload is worth waiting for. */
const MIN_BYTES_PER_MS = 20;
/** The answer to less says more about the way there and back. */
const TELLING_BYTES = 256 * 1024;

/** One attempt at a request. */
export interface Attempt {
  /** Aborted when the caller gives up, and when the attempt has stalled. */
  readonly signal: AbortSignal;
  /** How many attempts came before it. */
  readonly earlier: number;
  /** Bytes have moved: it has not stalled. */
  moved(): void;
}

/** Says what a request is about. */
export interface Request {
  readonly operation: StoreOperation;
  /** As a person finds it. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** That are sent in one go, without a sign of life in between. */
  readonly sentBytes?: number;
}

/** Thrown by a reader whose object has become another one meanwhile. */
export class ObjectChanged extends Error {}

/**
 * Sends requests to one service: repeats what may pass, gives up what has stalled, and says what
 * went wrong in the words of a store.
 */
export class BucketRequests {
  readonly #driver: BucketDriver;
  readonly #attempts: number | undefined;
  readonly #delayMs: number;
  readonly #stallMs: number;
  /** Whether the service has answered, and was not given up since. */
  #isThere = false;
  /** How long a byte takes to be sent, at most, as far as was seen lately. */
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
        // Whatever of it is still under way: an answer that nobody reads keeps its connection.
        watched.end(error);
        // The caller's reason, whatever the client made of it.
        signal?.throwIfAborted();
        if (error instanceof CallerFailure) throw error.cause;
        if (error instanceof ObjectChanged || error instanceof StoreError) throw error;
        const verdict = watched.hasStalled ? stalled(this.#stallMs) : this.judge(error);
        if (verdict.kind === "changed") throw new ObjectChanged("changed", { cause: error });
        if (!watched.hasStalled && verdict.isAway !== true) this.#isThere = true;
        const waitMs = this.#waitMsOf(earlier, verdict);
        if (!this.#isWorthAnother(verdict, earlier + 1, performance.now() - beganMs + waitMs)) {
          this.#isThere &&= !watched.hasStalled && verdict.isAway !== true;
          throw describe(request, verdict, error, earlier + 1);
        }
        await pause(waitMs, signal);
      } finally {
        watched.close();
      }
    }
  }

  judge(error: unknown): DriverVerdict {
    if (error instanceof EndedEarly) return { kind: "passing", systemCode: undefined, problem: error.message };
    return this.#driver.judge(error);
  }

  /**
   * Nobody tells how much of what is sent has arrived, so sending is given time, and more each
   * time.
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

  #waitMsOf(earlier: number, { retryAfterMs = 0 }: DriverVerdict): number {
    const backoffMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2 ** earlier);
    // Scattered, so that those who failed together do not come back together.
    return Math.max(backoffMs * (0.5 + Math.random() / 2), retryAfterMs);
  }

  /** @param byThenMs - how long the request will have taken when the next attempt begins */
  #isWorthAnother({ kind, retryAfterMs }: DriverVerdict, attempts: number, byThenMs: number): boolean {
    if (kind !== "passing") return false;
    const isAsked = retryAfterMs !== undefined;
    if (isAsked && byThenMs > MAX_ASKED_MS) return false;
    if (attempts < (this.#attempts ?? DEFAULT_ATTEMPTS)) return true;
    return this.#attempts === undefined && (isAsked || (this.#isThere && byThenMs <= KNOWN_SERVICE_MS));
  }
}

async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(waitMs, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** A body that had fewer bytes than were announced. */
export class EndedEarly extends Error {
  constructor(gotBytes: number, wantedBytes: number) {
    super(`the answer ended after ${gotBytes} of ${wantedBytes} bytes`);
  }
}

/** Aborts an attempt that shows no sign of life. */
class StallWatch {
  hasStalled = false;
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #stallMs: number;
  readonly #sendingMs: () => number;
  readonly #giveUp = (): void => this.#controller.abort(this.#caller?.reason);
  #lastMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param sendingMs - what sending may take besides; asked again, since others tell meanwhile how
   * fast it goes
   */
  constructor(caller: AbortSignal | undefined, stallMs: number, sendingMs: () => number) {
    this.#caller = caller;
    this.#stallMs = stallMs;
    this.#sendingMs = sendingMs;
    this.signal = this.#controller.signal;
    caller?.addEventListener("abort", this.#giveUp, { once: true });
    this.#timer = setTimeout(() => this.#look(), stallMs);
  }

  moved(): void {
    this.#lastMs = performance.now();
    // Refreshing would bring a timer back that was cleared.
    this.#timer?.refresh();
  }

  end(reason: unknown): void {
    this.close();
    this.#controller.abort(reason);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#caller?.removeEventListener("abort", this.#giveUp);
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

function stalled(stallMs: number): DriverVerdict {
  return { kind: "passing", systemCode: "ETIMEDOUT", problem: `no byte has moved for ${stallMs / 1000} s` };
}

function describe(request: Request, verdict: DriverVerdict, error: unknown, attempts: number): StoreError {
  const { operation, path } = request;
  const { kind, systemCode, problem, isThrottled = false } = verdict;
  const cause = describeCause(error);
  const failure: StoreFailure = { operation, path, ...(systemCode === undefined ? {} : { systemCode }), cause };
  if (kind === "access") return new StoreAccessError(failure, problem);
  if (kind === "full") return new StoreFullError(failure);
  const tries = attempts > 1 ? ` (${attempts} attempts)` : "";
  if (isThrottled) return new StoreIoError(failure, `${throttled(verdict)}${tries}`, WAIT);
  const what = problem ?? (cause.message === "" ? "the service failed" : cause.message);
  return new StoreIoError(failure, `${what}${tries}`, CHECK);
}

const WAIT = "Wait a while, or send fewer requests at the same time, then repeat it";
const CHECK = "Check the connection and the service, then repeat it";

function throttled({ retryAfterMs }: DriverVerdict): string {
  const asked = retryAfterMs === undefined ? "" : `, and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
  return `the service has too many requests${asked}`;
}
