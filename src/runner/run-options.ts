import { availableParallelism } from "node:os";
import type { Engine } from "../engine/engine.ts";
import { InvalidRunOptionsError } from "../errors/pipeline-errors.ts";
import type { RunEvent } from "../events/run-event.ts";
import type { RetryOptions, SourceChangePolicy } from "../persistable/declare/declaration.ts";
import { isSourcePolicy } from "../persistable/declare/source-policy.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";

/** How a plan is carried out. None of these options is part of a recipe. */
export interface RunOptions {
  /**
   * How many generators run at the same time; by default as many as the machine has processors.
   * With `on`, how many nodes are queued or running at the same time; by default 2000.
   */
  readonly concurrency?: number | undefined;
  /**
   * The engine on whose workers the generators run; without one, they run in this process.
   *
   * @example
   * ```ts
   * import { bullmq } from "persistable-ts/engines/bullmq";
   * import { run } from "persistable-ts/pipeline";
   * import { study } from "./pipeline.ts";
   *
   * await run(study, { on: bullmq("redis://queue:6379") });
   * ```
   */
  readonly on?: Engine | undefined;
  /**
   * The capacity of limited resources: `{ gpu: 1, openai: 4 }`. A definition declares how much of
   * them its generator takes.
   */
  readonly pools?: Readonly<Record<string, number>> | undefined;
  /**
   * How much of a pool may be taken within any interval: `{ openai: { limit: 60, intervalMs: 60_000
   * } }`.
   */
  readonly rateLimits?: Readonly<Record<string, RateLimit>> | undefined;
  /** Retries of nodes whose definition does not declare any; none by default. */
  readonly retries?: number | RetryOptions | undefined;
  /**
   * Milliseconds for one attempt, if the definition does not declare a timeout; unlimited by
   * default.
   */
  readonly timeoutMs?: number | undefined;
  /** Aborts the run: running generators get the signal, finished artifacts are kept. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How the run goes on after a failure.
   *
   * - `"stop"` (default): no further node begins; running ones may end.
   * - `"independent"`: all nodes that do not depend on the failed one are finished.
   * - `"everything"`: dependents are tried too, and fail only when they ask for the failed payload.
   */
  readonly keepGoing?: "stop" | "independent" | "everything" | undefined;
  /** Persistables to generate again; none by default. The new artifacts replace existing ones. */
  readonly force?: Iterable<AnyPersistable> | undefined;
  /**
   * Runs this many draws of each target, 0, 1, …: independent payloads of the same params; 1 by
   * default.
   */
  readonly draws?: number | undefined;
  /**
   * Decides what becomes of artifacts that other source code has made; comes before the definitions
   * and the environment.
   */
  readonly onSourceChange?: SourceChangePolicy | undefined;
  /** Values for the generators. They are recorded, but not part of any recipe. */
  readonly untracked?: Readonly<Record<string, unknown>> | undefined;
  /** One listener, or several, called with each event of the run. */
  readonly onEvent?: RunListener | readonly RunListener[] | undefined;
  /**
   * Whether the payloads of targets stay in memory as those of any persistable do; true by default.
   * All other payloads are freed when their last dependent is done.
   */
  readonly keepPayloads?: boolean | undefined;
  /**
   * Whether the data directory gets a record of the run, see `listRuns`; true by default. If it
   * cannot be written, the process is warned and the run goes on.
   */
  readonly keepRecord?: boolean | undefined;
  /**
   * Whether Ctrl-C (SIGINT, SIGTERM, SIGHUP) aborts the run and then ends the process with the exit
   * code that shells expect; true by default. A program that listens to these signals itself is not
   * ended.
   */
  readonly handleSignals?: boolean | undefined;
}

/** At most `limit` in any `intervalMs` milliseconds. */
export interface RateLimit {
  readonly limit: number;
  readonly intervalMs: number;
}

/** Is called with each event of a run, at once and in order. */
export type RunListener = (event: RunEvent) => void;

/** Options that were checked, with everything that has a default. */
export interface RunSettings extends RunOptions {
  readonly concurrency: number;
  readonly keepGoing: "stop" | "independent" | "everything";
  readonly listeners: readonly RunListener[];
}

/** This many queued nodes take about three megabytes on the server of an engine. */
const QUEUED_NODES = 2000;

/**
 * Checks the options before anything begins, and fills in the defaults.
 *
 * @throws {@link InvalidRunOptionsError}
 */
export function resolveRunOptions(options: RunOptions): RunSettings {
  const {
    concurrency = options.on === undefined ? availableParallelism() : QUEUED_NODES,
    draws = 1,
    timeoutMs,
    pools = {},
    rateLimits = {},
  } = options;
  if (concurrency !== Number.POSITIVE_INFINITY) assertWhole("concurrency", concurrency, 1);
  assertWhole("draws", draws, 1);
  if (timeoutMs !== undefined) assertAbove("timeoutMs", timeoutMs);
  for (const [name, capacity] of Object.entries(pools)) assertAbove(`pools.${name}`, capacity);
  for (const [name, { limit, intervalMs }] of Object.entries(rateLimits)) {
    assertAbove(`rateLimits.${name}.limit`, limit);
    assertAbove(`rateLimits.${name}.intervalMs`, intervalMs);
  }
  assertRetries("retries", options.retries);
  const { onEvent, onSourceChange } = options;
  if (onSourceChange !== undefined && !isSourcePolicy(onSourceChange))
    throw new InvalidRunOptionsError(
      `onSourceChange is ${JSON.stringify(onSourceChange)}: give "warn", "regenerate", "error" or "ignore".`,
    );
  return {
    ...options,
    concurrency,
    keepGoing: options.keepGoing ?? "stop",
    listeners: onEvent === undefined ? [] : typeof onEvent === "function" ? [onEvent] : onEvent,
  };
}

/** @param what - the option or the definition that they belong to */
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
