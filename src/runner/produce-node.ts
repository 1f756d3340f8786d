import { GenerateTimeoutError } from "../errors/pipeline-errors.ts";
import type { PersistableEvent } from "../events/event.ts";
import type { RetryOptions } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { loadOrGenerate } from "../persistable/load-or-generate.ts";
import { generate } from "../persistable/produce/generate-payload.ts";
import { retryWithBackoff } from "../pipeline/retry-with-backoff.ts";
import type { Place } from "./schedule/running-node.ts";

/** How one node is produced. */
export interface ProduceOptions {
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly isForced: boolean;
  readonly retries: number | RetryOptions | undefined;
  readonly timeoutMs: number | undefined;
  readonly untracked: Readonly<Record<string, unknown>> | undefined;
  readonly onStarted: (attempt: number) => void;
  readonly onProgress: (event: Extract<PersistableEvent, { type: "progress" }>) => void;
  readonly onWaiting: (owner: string) => void;
  readonly onRetried: (error: unknown, attempt: number, delayMs: number) => void;
}

/** What producing a node came to. */
export interface Production {
  /** `hit`: somebody else has generated it meanwhile. */
  readonly outcome: "generated" | "hit";
  readonly attempts: number;
  readonly durationMs: number;
  readonly sizeBytes: number | undefined;
  readonly cost: Readonly<Record<string, number>> | undefined;
}

/**
 * Load or generate one node, as often as its retries allow. While another process generates it, and between attempts, its place is free for others.
 *
 * @throws what the last attempt threw
 */
export async function produceNode(state: State, options: ProduceOptions): Promise<Production> {
  const { retries, signal, place, onRetried } = options;
  const seen: Seen = { durationMs: 0, sizeBytes: undefined, cost: undefined, isGenerated: false };
  let attempts = 0;
  try {
    await retryWithBackoff(
      retries,
      async (attempt) => {
        attempts = attempt;
        if (attempt > 1) await place.acquire(signal);
        await attemptOnce(state, options, attempt, seen);
      },
      {
        signal,
        onRetry: (error, attempt, delayMs) => {
          place.release();
          // Another attempt is for another payload, where the validator has refused this one.
          if (state.pending?.isRefused === true) void state.pending.drop();
          onRetried(error, attempt, delayMs);
        },
      },
    );
  } catch (cause) {
    throw new ProductionFailure(cause, attempts);
  }
  const { durationMs, sizeBytes, cost, isGenerated } = seen;
  return { outcome: isGenerated ? "generated" : "hit", attempts, durationMs, sizeBytes, cost };
}

/** Carries how many attempts there were to the runner; users never see it. */
export class ProductionFailure {
  readonly cause: unknown;
  readonly attempts: number;

  constructor(cause: unknown, attempts: number) {
    this.cause = cause;
    this.attempts = attempts;
  }
}

/** What was told of a node while it was produced. */
interface Seen {
  durationMs: number;
  sizeBytes: number | undefined;
  cost: Readonly<Record<string, number>> | undefined;
  isGenerated: boolean;
}

/** How long a generator that was aborted may take to clean up before the run goes on without it. */
const GRACE_MS = 5000;

async function attemptOnce(state: State, options: ProduceOptions, attempt: number, seen: Seen): Promise<void> {
  const { isForced, untracked } = options;
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const generator = new RunningGenerator();
  let timer: NodeJS.Timeout | undefined;
  state.control = {
    beforeGenerate: (waiting) => options.place.acquire(waiting),
    onEvent: (event) => {
      generator.hear(event);
      hear(event, options, attempt, seen);
      if (event.type === "started") timer = startTimeout(state.node.name, options.timeoutMs, abort);
    },
  };
  try {
    // What one attempt has generated, the next one only publishes.
    await (isForced
      ? generate(state, { signal, untracked, resumes: attempt > 1 })
      : loadOrGenerate(state, { signal, untracked }));
  } catch (error) {
    // Whoever waits hears of an abort at once; what it held is free only when the generator has heard it too.
    if (signal.aborted) await generator.ended(GRACE_MS);
    throw error;
  } finally {
    clearTimeout(timer);
    state.control = undefined;
  }
}

function hear(event: PersistableEvent, options: ProduceOptions, attempt: number, seen: Seen): void {
  if (event.type === "started") options.onStarted(attempt);
  else if (event.type === "progress") options.onProgress(event);
  else if (event.type === "generated") {
    seen.durationMs = event.durationMs;
    seen.cost = event.cost;
  } else if (event.type === "persisted") {
    seen.sizeBytes = event.sizeBytes;
    seen.isGenerated = true;
  } else if (event.type === "waiting") {
    options.place.release();
    options.onWaiting(event.owner);
  }
}

function startTimeout(name: string, timeoutMs: number | undefined, abort: AbortController): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => abort.abort(new GenerateTimeoutError(name, timeoutMs)), timeoutMs);
}

/** Knows whether the generator is at work, by what is told. */
class RunningGenerator {
  #isRunning = false;
  #onEnd: (() => void) | undefined;

  hear({ type }: PersistableEvent): void {
    if (type === "started") this.#isRunning = true;
    else if (type === "failed" || type === "persisted") {
      this.#isRunning = false;
      this.#onEnd?.();
    }
  }

  async ended(graceMs: number): Promise<void> {
    if (!this.#isRunning) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onEnd = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
