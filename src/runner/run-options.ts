import { availableParallelism } from "node:os";
import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";
import type { RunEvent } from "../events/run-event.ts";
import type { RetryOptions } from "../persistable/declare/declaration.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";

/** How a plan is carried out; nothing of this is in any recipe. */
export interface RunOptions {
  /** How many generators run at the same time; by default as many as the machine has processors. */
  readonly concurrency?: number | undefined;
  /** How much there is of limited things: `{ gpu: 1, openai: 4 }`. What generating takes of them is declared with the definition. */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /** How much of a pool may be taken up anew in any stretch of time: `{ openai: { limit: 60, intervalMs: 60_000 } }`. */
  readonly rateLimits?: Readonly<Record<string, RateLimit>> | undefined;
  /** How what fails is tried again, where its definition does not say; not at all by default. */
  readonly retries?: number | RetryOptions | undefined;
  /** How long one attempt may take, in milliseconds, where the definition does not say; for ever by default. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the run: what runs gets its signal, what is finished is kept. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What happens after a failure.
   *
   * - `"stop"` (default): nothing more is begun; what runs may end.
   * - `"independent"`: whatever is not made from what failed is finished.
   * - `"everything"`: what is made from it is tried as well; it fails only where it asks for what failed.
   */
  readonly keepGoing?: "stop" | "independent" | "everything" | undefined;
  /** These are generated again, and take the place of the artifacts that are there. */
  readonly force?: Iterable<AnyPersistable> | undefined;
  /** Each target as often as this, as draws 0, 1, …: independent payloads of the same params. */
  readonly draws?: number | undefined;
  /** Handed to the generators, recorded, and not part of any recipe. */
  readonly untracked?: Readonly<Record<string, unknown>> | undefined;
  /** Hears everything that happens: one reader, or several. */
  readonly onEvent?: RunListener | readonly RunListener[] | undefined;
  /** Whether the payloads of the targets stay in memory as those of any persistable do; true by default. Everything else is let go when its last consumer is done. */
  readonly keepPayloads?: boolean | undefined;
  /** Whether a record of the run is kept in the data directory, see `listRuns`; true by default. One that cannot be written is warned of, and the run goes on. */
  readonly keepRecord?: boolean | undefined;
  /**
   * Whether Ctrl-C (SIGINT, SIGTERM, SIGHUP) aborts the run, and ends the process with the exit code that shells expect once everything is tidy; true by
   * default. A program that listens to these signals itself is not ended.
   */
  readonly handleSignals?: boolean | undefined;
}

/** At most `limit` in any `intervalMs` milliseconds. */
export interface RateLimit {
  readonly limit: number;
  readonly intervalMs: number;
}

export type RunListener = (event: RunEvent) => void;

/** Options that were checked, with everything that has a default. */
export interface RunSettings extends RunOptions {
  readonly concurrency: number;
  readonly keepGoing: "stop" | "independent" | "everything";
  readonly listeners: readonly RunListener[];
}

/**
 * Check what can be checked before anything begins.
 *
 * @throws {@link InvalidRunOptionsError}
 */
export function resolveRunOptions(options: RunOptions): RunSettings {
  const { concurrency = availableParallelism(), draws = 1, timeoutMs, pools = {}, rateLimits = {} } = options;
  if (concurrency !== Number.POSITIVE_INFINITY) assertWhole("concurrency", concurrency, 1);
  assertWhole("draws", draws, 1);
  if (timeoutMs !== undefined) assertAbove("timeoutMs", timeoutMs);
  for (const [name, capacity] of Object.entries(pools)) assertAbove(`pools.${name}`, capacity);
  for (const [name, { limit, intervalMs }] of Object.entries(rateLimits)) {
    assertAbove(`rateLimits.${name}.limit`, limit);
    assertAbove(`rateLimits.${name}.intervalMs`, intervalMs);
  }
  assertRetries("retries", options.retries);
  const { onEvent } = options;
  return {
    ...options,
    concurrency,
    keepGoing: options.keepGoing ?? "stop",
    listeners: onEvent === undefined ? [] : typeof onEvent === "function" ? [onEvent] : onEvent,
  };
}

/** Of the options, or of a definition. */
export function assertRetries(what: string, retries: number | RetryOptions | undefined): void {
  const count = typeof retries === "object" ? retries.retries : retries;
  if (count !== undefined && count !== Number.POSITIVE_INFINITY) assertWhole(what, count, 0);
}

function assertWhole(what: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new InvalidRunOptionsError(`${what} is ${value}: it must be a whole number of at least ${least}.`);
}

function assertAbove(what: string, value: number): void {
  if (typeof value !== "number" || !(value > 0))
    throw new InvalidRunOptionsError(`${what} is ${value}: it must be a number above 0.`);
}
