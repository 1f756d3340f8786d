import { StoreError } from "../errors/store-errors.ts";

/** A full or read-only disk is asked again after this time. */
const REST_MS = 10_000;

/**
 * Writes copies of what the remote store has into the local one. A copy is a convenience, so a
 * local store that cannot take it is not an error of the reader: the process warns once, and the
 * next copies are left out for a while.
 */
export class LocalCopies {
  readonly #isWritable: boolean;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #hasWarned = false;

  constructor(isWritable: boolean) {
    this.#isWritable = isWritable;
  }

  /** Whether the local store is expected to take copies. */
  get areKept(): boolean {
    return this.#isWritable && performance.now() >= this.#restsUntilMs;
  }

  /**
   * @returns whether the copy was written. @throws any error that is not a failure of the local
   * store
   */
  async keep(write: () => Promise<unknown>): Promise<boolean> {
    if (!this.areKept) return false;
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#restsUntilMs = performance.now() + REST_MS;
      if (!this.#hasWarned) warn(error);
      this.#hasWarned = true;
      return false;
    }
  }
}

function warn(error: StoreError): void {
  process.emitWarning(
    `The local store cannot keep copies of what is read from the remote store, so it is read from there each time. ${error.message}`,
    { type: "LocalStoreWarning", code: error.code },
  );
}
