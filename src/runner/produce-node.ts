import { GenerateTimeoutError } from "../errors/pipeline-errors.ts";
import type { ToldEvent } from "../events/event.ts";
import type { Generation, Supervisor } from "../persistable/context/call-context.ts";
import type { RetryOptions } from "../persistable/declare/declaration.ts";
import type { State } from "../persistable/declare/state.ts";
import { loadOrGenerate } from "../persistable/load-or-generate.ts";
import { generate } from "../persistable/produce/generate-payload.ts";
import { retryWithBackoff } from "../pipeline/retry-with-backoff.ts";
import type { Place } from "./schedule/schedule-options.ts";

/** How one node is produced. */
export interface ProduceOptions {
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly isForced: boolean;
  readonly retries: number | RetryOptions | undefined;
  readonly timeoutMs: number | undefined;
  /** How long generating will take, as far as earlier records tell. */
  readonly expectedMs?: number | undefined;
  readonly untracked: Readonly<Record<string, unknown>> | undefined;
  readonly onEvent: (event: ToldEvent, attempt: number) => void;
  /** Whether the log says why the payload is missing; true by default. */
  readonly mentionsMisses?: boolean;
  readonly onRetried: (error: unknown, attempt: number, delayMs: number) => void;
}

/** One attempt to produce a node, in this process or elsewhere. */
export type Attempt = (
  state: State,
  options: ProduceOptions,
  attempt: number,
  onGenerated: Supervisor["onGenerated"],
) => Promise<void>;

/** How producing a node ended. */
export interface Production {
  readonly attempts: number;
  /** `undefined` if another call or process generated the payload meanwhile, and it was loaded. */
  readonly generation: Generation | undefined;
}

/**
 * Loads or generates one node, as often as its retries allow. While another process generates it,
 * and between attempts, other nodes may use its place.
 *
 * @throws {@link ProductionFailure} with what the last attempt threw
 */
export async function produceNode(
  state: State,
  options: ProduceOptions,
  attemptOnce: Attempt = attemptHere,
): Promise<Production> {
  const { retries, signal, place, onRetried } = options;
  let attempts = 0;
  // The attempts share this: if only the hook after publication failed, the next attempt loads the
  // payload that this run has generated.
  let generation: Generation | undefined;
  const onGenerated = (generated: Generation): void => {
    generation = generated;
  };
  try {
    await retryWithBackoff(
      retries,
      async (attempt) => {
        attempts = attempt;
        if (attempt > 1) await place.acquire(signal);
        const isForced = options.isForced && generation === undefined;
        await attemptOnce(state, { ...options, isForced }, attempt, onGenerated);
      },
      {
        signal,
        onRetry: (error, attempt, delayMs) => {
          place.release();
          // A payload that the validator refused is not published by the next attempt.
          if (state.pending?.isRefused === true) void state.pending.drop();
          onRetried(error, attempt, delayMs);
        },
      },
    );
    return { attempts, generation };
  } catch (cause) {
    throw new ProductionFailure(cause, attempts);
  }
}

/** Carries the number of attempts to the runner. No user gets this error. */
export class ProductionFailure {
  readonly cause: unknown;
  readonly attempts: number;

  constructor(cause: unknown, attempts: number) {
    this.cause = cause;
    this.attempts = attempts;
  }
}

/** How long a generator that was aborted may take to clean up before the run goes on without it. */
const GRACE_MS = 5000;

async function attemptHere(
  state: State,
  options: ProduceOptions,
  attempt: number,
  onGenerated: Supervisor["onGenerated"],
): Promise<void> {
  const { isForced, untracked, place, timeoutMs } = options;
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  let generating: Promise<unknown> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const supervisor: Supervisor = {
    onEvent: (event) => options.onEvent(event, attempt),
    mentionsMisses: options.mentionsMisses ?? true,
    onGenerated,
    onWaiting: () => place.release(true),
    async whenReady(start, waiting) {
      await place.acquire(waiting);
      timer = startTimeout(state.recipe.name, timeoutMs, abort);
      const started = start();
      generating = started;
      return started;
    },
  };
  const call = { signal, untracked, supervisor };
  try {
    // If an attempt has generated the payload, the next attempt only publishes it.
    await (isForced ? generate(state, { ...call, resumes: attempt > 1 }) : loadOrGenerate(state, call));
  } catch (error) {
    // A call that is aborted rejects at once; its generator still uses what the node holds.
    if (signal.aborted && generating !== undefined) await settled(generating, GRACE_MS);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function startTimeout(name: string, timeoutMs: number | undefined, abort: AbortController): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => abort.abort(new GenerateTimeoutError(name, timeoutMs)), timeoutMs);
}

/** Resolves when the work has ended, or after `graceMs`. */
async function settled(work: Promise<unknown>, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const onEnd = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(onEnd, onEnd);
  });
}
