import { isError } from "./error-kind.ts";
import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * A worker thread cannot find the definition of a payload: it lies in the script
 * that was started, is not exported by its module, or differs there. Nothing was generated.
 * Remedy: move it to a module of its own and export it; if its module is not found, pass `worker:
 * import.meta.url`.
 *
 * @example
 * ```ts
 * // model is defined in main.ts, the script that was started: …
 * ```
 */
export class WorkerModuleError extends PersistableError {
  override readonly code = "PERSISTABLE_WORKER_MODULE" as const;
}

/**
 * A generator needs something that another thread cannot have: a store in memory or one that the
 * program created itself, a param that is a function. Nothing was generated. Remedy: use a folder
 * or a URL as `dataDir`, plain values as params, or no `worker: true`.
 *
 * @example
 * ```ts
 * // The store memory:… of model cannot be opened by a worker thread: …
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
 * if (error instanceof WorkerCrashedError) console.error(error.exitCode, error.cause);
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
