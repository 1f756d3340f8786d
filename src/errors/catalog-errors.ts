import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * The text of a query cannot be read. `position` is the character where it goes wrong, counted from
 * 0, and `hint` says what to write instead.
 * Remedy: follow the hint.
 *
 * @example
 * ```ts
 * import { InvalidQueryError, parseQuery } from "persistable-ts/catalog";
 *
 * try {
 *   parseQuery("estimator size>big");
 * } catch (error) {
 *   if (!(error instanceof InvalidQueryError)) throw error;
 *   console.error(error.position, error.hint);
 * }
 * ```
 */
export class InvalidQueryError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_QUERY" as const;
  readonly query: string;
  readonly position: number;
  readonly hint: string;

  constructor(query: string, position: number, problem: string, hint: string) {
    super(`${visibleLine(query)}: at character ${position + 1}, ${visibleLine(problem)}. ${visibleLine(hint)}.`);
    this.query = query;
    this.position = position;
    this.hint = hint;
  }
}
