import { isError } from "./error-kind.ts";
import { StoreError, type StoreFailure } from "./store-errors.ts";

/**
 * A store was to be written that was opened for reading only. Nothing was changed. Where the reason is that a remote store does not answer, so
 * that what it has cannot be read, that failure is the `cause`.
 * Remedy: open the store in a mode that writes, or ask only for what is there.
 *
 * @example
 * ```ts
 * try { await points.payload; } catch (error) { if (error instanceof ReadOnlyStoreError) console.error("not there, and nobody may make it", error.cause); }
 * ```
 */
export class ReadOnlyStoreError extends StoreError {
  override readonly code = "PERSISTABLE_READ_ONLY_STORE" as const;

  constructor(failure: StoreFailure) {
    const why = isError(failure.cause) ? ` What is elsewhere could not be read: ${failure.cause.message}` : "";
    super(failure, `this store was opened for reading only. Open it in a mode that writes, "local:rw,remote:r".${why}`);
  }
}
