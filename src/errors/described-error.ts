/**
 * Other code cannot build a `DescribedError` without this symbol: only the code that removes
 * secrets creates one.
 */
declare const isDescribed: unique symbol;

/**
 * An error as data, without the secrets of the persistable that failed: events, files, spans
 * and messages describe failures with it. Its size is bounded.
 *
 * @example
 * ```ts
 * import { run } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * await run(study, {
 *   onEvent: (event) => {
 *     if (event.type === "failed") console.error(event.error.name, event.error.message);
 *   },
 * });
 * ```
 */
export interface DescribedError {
  /** The error's name; for a thrown value that is not an error, its type. */
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
  /** The errors of an `AggregateError`. */
  readonly errors?: readonly DescribedError[];
  /** Further fields of the error, as plain data. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** @internal Types only. */
  readonly [isDescribed]: true;
}
