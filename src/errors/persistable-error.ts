import { visibleText } from "./visible-text.ts";

/**
 * The parent of every error that this library throws on purpose.
 *
 * `code` is stable across releases: match on it, never on the message. The message is for the
 * person who sees it, and says what was wrong, where, and what to do. What led to the failure is in
 * `cause`.
 *
 * @example
 * ```ts
 * import { PersistableError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.load();
 * } catch (error) {
 *   if (error instanceof PersistableError && error.code === "PERSISTABLE_NOT_PERSISTED") await estimator.generate();
 *   else throw error;
 * }
 * ```
 */
export abstract class PersistableError extends Error {
  /** Stable identifier of the failure, `PERSISTABLE_…`; docs/errors.md lists all of them. */
  abstract readonly code: `PERSISTABLE_${string}`;
  /**
   * The payload that this failure concerns, if one was generated: the payload could not be
   * persisted, or your validation refused it. Printing the error does not show it.
   */
  declare readonly payload?: unknown;

  constructor(message: string, options?: ErrorOptions) {
    // The message quotes names, files and errors of other libraries.
    super(visibleText(message), options);
    this.name = new.target.name;
  }
}
