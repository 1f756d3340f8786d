import { isError } from "./error-kind.ts";
import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * What generates a payload cannot be found by a worker thread: its definition lies in the script that was started, is not exported by its module, or
 * is another one there. Nothing was generated. Remedy: move it to a module of its own and export it; where its module is not found, say
 * `worker: import.meta.url`.
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
 * What a generator needs cannot be had on another thread: a store in memory or one that the program has made itself, a param that is a function. Nothing was generated. Remedy: a
 * folder or a URL as `dataDir`, plain values as params, or no `worker: true`.
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
 * The worker thread that generated a payload has ended: `process.exit` was called there, an error was thrown that nobody caught (`cause`), or its memory
 * was used up. Only this payload is concerned; the next one gets a fresh thread. Remedy: mend the generator.
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
