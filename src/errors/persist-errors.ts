import { PersistableError } from "./persistable-error.ts";
import { visibleLine } from "./visible-text.ts";

/**
 * A payload was generated, and something that is not an error of this library kept it from being
 * persisted: a hook, a listener or a store of your own threw (`cause`). The payload is kept in
 * memory and is in `payload`. An error of this library that keeps a payload from being persisted,
 * such as `StoreFullError`, keeps its class and has a `payload`, too.
 * Remedy: fix what threw, then call `persist()` or request the payload again; it is not generated
 * again.
 *
 * @example
 * ```ts
 * import { PersistFailedError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.payload;
 * } catch (error) {
 *   if (!(error instanceof PersistFailedError)) throw error;
 *   console.error(error.cause, error.payload);
 * }
 * ```
 */
export class PersistFailedError extends PersistableError {
  override readonly code = "PERSISTABLE_PERSIST_FAILED" as const;
  readonly payloadName: string;

  constructor(payloadName: string, why: string, options?: ErrorOptions) {
    super(sayUnpersisted(payloadName, why), options);
    this.payloadName = payloadName;
  }
}

/** Returns the message, with the reason `why` that the payload could not be persisted. */
export function sayUnpersisted(payloadName: string, why: string): string {
  const reason = /[.!?]$/.test(why) ? why : `${why}.`;
  return (
    `${visibleLine(payloadName)} was generated, but could not be persisted: ${reason} ` +
    "The payload is kept: persist() or the next request for it writes it without generating it again, and resetPayload() drops it."
  );
}
