import type { DescribedError } from "./described-error.ts";
import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * An option of `run` cannot be satisfied: a limit of zero, a node that needs more of a pool than
 * it has. Nothing was started. Remedy: correct the option that the message names.
 *
 * @example
 * ```ts
 * import { InvalidRunOptionsError, run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { concurrency: 0 });
 * } catch (error) {
 *   if (!(error instanceof InvalidRunOptionsError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class InvalidRunOptionsError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_RUN_OPTIONS" as const;
}

/**
 * An attempt took longer than `timeoutMs` allows; its signal was aborted. Remedy: raise
 * `timeoutMs`, or find out what takes so long.
 *
 * @example
 * ```ts
 * import { GenerateTimeoutError, run, RunFailedError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { timeoutMs: 60_000 });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const failure of error.result.failures)
 *     if (failure.error instanceof GenerateTimeoutError) console.error(failure.name, failure.error.timeoutMs);
 * }
 * ```
 */
export class GenerateTimeoutError extends PersistableError {
  override readonly code = "PERSISTABLE_GENERATE_TIMEOUT" as const;
  readonly timeoutMs: number;

  constructor(name: string, timeoutMs: number) {
    super(
      `Generating ${visibleLine(name)} took longer than ${timeoutMs} ms. Raise timeoutMs if that is expected. If the generator keeps running after the abort, pass its signal on to what it waits for.`,
    );
    this.timeoutMs = timeoutMs;
  }
}

/**
 * A payload was requested that has already failed in this run; it is not generated again. `cause`
 * is that failure. Remedy: fix what failed, and run again.
 *
 * @example
 * ```ts
 * import { run, RunFailedError, UpstreamFailedError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { keepGoing: "everything" });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const failure of error.result.failures)
 *     if (failure.error instanceof UpstreamFailedError) console.error(failure.name, failure.error.cause);
 * }
 * ```
 */
export class UpstreamFailedError extends PersistableError {
  override readonly code = "PERSISTABLE_UPSTREAM_FAILED" as const;

  constructor(name: string, options: ErrorOptions) {
    super(`${visibleLine(name)} has failed in this run, and is not generated again in it.`, options);
  }
}

/** The outcome of a run. */
export interface RunResult {
  readonly runId: string;
  readonly state: "completed" | "failed" | "cancelled";
  readonly durationMs: number;
  /** Artifacts that were already there, or that another process made meanwhile. */
  readonly hits: number;
  readonly generated: number;
  readonly failed: number;
  readonly cancelled: number;
  /**
   * How long it once took to generate the payloads that this run has only loaded, as far as known.
   */
  readonly savedMs: number;
  /** The cost of generating, by unit. */
  readonly cost: Readonly<Record<string, number>>;
  readonly failures: readonly RunFailure[];
}

/** One failure of a run. */
export interface RunFailure {
  readonly name: string;
  readonly address: string;
  /** The own params, shortened, with secrets masked. */
  readonly params: string;
  /**
   * The thrown value itself. `console.log` and `JSON.stringify` do not show it, since it may quote
   * a secret.
   */
  readonly error: unknown;
  /** The thrown value as data, without secrets: for logs and reports. */
  readonly described: DescribedError;
  readonly attempts: number;
}

const MAX_LISTED = 5;

/**
 * Something failed in a run. Whatever was generated is kept, and each failure is recorded beside
 * the artifacts. Remedy: fix what failed and run again; finished work is not repeated.
 *
 * @example
 * ```ts
 * import { run, RunFailedError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { keepGoing: "independent" });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const { name, described } of error.result.failures) console.error(name, described.message);
 * }
 * ```
 */
export class RunFailedError extends PersistableError {
  override readonly code = "PERSISTABLE_RUN_FAILED" as const;
  readonly result: RunResult;

  /** @param options.cause - the first failure, without secrets */
  constructor(result: RunResult, options?: ErrorOptions) {
    const shown = result.failures
      .slice(0, MAX_LISTED)
      .map(
        ({ name, params, described }) =>
          `\n  ${visibleLine(name)} ${visibleLine(params)}: ${described.message.split("\n", 1)[0]}`,
      );
    const more = result.failed > shown.length ? `\n  and ${result.failed - shown.length} more` : "";
    const undone = result.cancelled > 0 ? `, ${result.cancelled} not done because of that` : "";
    super(
      `${result.failed} failed${undone}, ${result.generated} generated, ${result.hits} there already:${shown.join("")}${more}`,
      options,
    );
    this.result = result;
  }
}

/**
 * A run was aborted by its signal or by Ctrl-C. Finished payloads are kept. `cause` is the signal's
 * reason. Remedy: run again to go on where it ended.
 *
 * @example
 * ```ts
 * import { run, RunCancelledError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { signal: AbortSignal.timeout(60_000) });
 * } catch (error) {
 *   if (!(error instanceof RunCancelledError)) throw error;
 *   console.log(`${error.result.generated} were generated before`);
 * }
 * ```
 */
export class RunCancelledError extends PersistableError {
  override readonly code = "PERSISTABLE_RUN_CANCELLED" as const;
  readonly result: RunResult;

  constructor(result: RunResult, options?: ErrorOptions) {
    super(
      `The run was cancelled: ${result.generated} generated and kept, ${result.cancelled} not done. Run it again to go on from there.`,
      options,
    );
    this.result = result;
  }
}

/**
 * A grid cannot be swept: an axis without values, zipped axes of different lengths, a range to draw
 * from without `sample`. Nothing was built. Remedy: correct what `path` names.
 *
 * @example
 * ```ts
 * import { InvalidSweepError, sweep } from "persistable-ts/pipeline";
 * import { outlierEstimator } from "./pipeline.ts";
 *
 * try {
 *   sweep(outlierEstimator, { zThreshold: [], points: { n: 100 } });
 * } catch (error) {
 *   if (!(error instanceof InvalidSweepError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class InvalidSweepError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_SWEEP" as const;
  /** The position in the grid or in the options, as in `points.n`. */
  readonly path: string;

  constructor(path: string, problem: string, remedy: string) {
    super(`${path}: ${problem}.${remedy === "" ? "" : ` ${remedy}`}`);
    this.path = path;
  }
}

/**
 * Persistables do not fit one table: a parameter has the name of another column, or there are
 * too many columns. Remedy: rename the parameter or role that the message names, or collect fewer
 * kinds of persistables at a time.
 *
 * @example
 * ```ts
 * import { collect, InvalidTableError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await collect(study);
 * } catch (error) {
 *   if (!(error instanceof InvalidTableError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class InvalidTableError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_TABLE" as const;
}

/**
 * A batch of items could not be generated, or was generated and could not be persisted: then its
 * payloads are kept and in `payload`, in the order of its items. Finished batches are
 * persisted. Remedy: look at `cause`, and load again: only what is missing is generated then, and
 * what was generated is only written.
 *
 * @example
 * ```ts
 * import { BatchFailedError } from "persistable-ts/pipeline";
 * import { chunks, embeddings } from "./pipeline.ts";
 *
 * try {
 *   await embeddings({ model: "small" }).load(chunks);
 * } catch (error) {
 *   if (!(error instanceof BatchFailedError)) throw error;
 *   console.error(error.failedItems, error.cause);
 * }
 * ```
 */
export class BatchFailedError extends PersistableError {
  override readonly code = "PERSISTABLE_BATCH_FAILED" as const;
  /** The number of items in batches that failed. */
  readonly failedItems: number;
  /** The number of failed items that were generated, and are kept until they can be persisted. */
  readonly keptItems: number;

  constructor(
    name: string,
    details: {
      readonly failedItems: number;
      readonly keptItems: number;
      readonly persisted: number;
      readonly why: string;
      readonly cause: unknown;
    },
  ) {
    const { failedItems, keptItems, persisted, why, cause } = details;
    const what = sayFailed(visibleLine(name), failedItems - keptItems, keptItems);
    super(`${what}; ${persisted} are persisted. ${why}`, { cause });
    this.failedItems = failedItems;
    this.keptItems = keptItems;
  }
}

function sayFailed(name: string, failed: number, kept: number): string {
  const keeping =
    "were generated, and could not be persisted (load() them again to write them without generating them again)";
  if (kept === 0) return `${failed} items of ${name} could not be generated`;
  return failed === 0
    ? `${kept} items of ${name} ${keeping}`
    : `${failed} items of ${name} could not be generated, and ${kept} ${keeping}`;
}
