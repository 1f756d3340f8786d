/**
 * The failures that another attempt would meet again: a wrong declaration or argument, a payload
 * that the format cannot hold, a full or forbidden store, a missing library. All other failures may
 * pass. The list holds codes, since an error from a worker thread has lost its class.
 */
const PERMANENT: ReadonlySet<string> = new Set([
  "PERSISTABLE_CIRCULAR_WAIT",
  "PERSISTABLE_CLASS_CODEC",
  "PERSISTABLE_COMPRESSION_UNAVAILABLE",
  "PERSISTABLE_CREDENTIAL_IN_PARAMS",
  "PERSISTABLE_DECODE_LIMIT",
  "PERSISTABLE_DEFINITION",
  "PERSISTABLE_FORMAT_FAILED",
  "PERSISTABLE_FORMAT_MISMATCH",
  "PERSISTABLE_INVALID_ADDRESS",
  "PERSISTABLE_INVALID_COLUMN_TABLE",
  "PERSISTABLE_INVALID_PARAMS",
  "PERSISTABLE_INVALID_RUN_OPTIONS",
  "PERSISTABLE_INVALID_STORE_PATH",
  "PERSISTABLE_INVALID_SWEEP",
  "PERSISTABLE_INVALID_TABLE",
  "PERSISTABLE_MISSING_PEER",
  "PERSISTABLE_NEWER_PAYLOAD",
  "PERSISTABLE_NEWER_RECORD",
  "PERSISTABLE_NOT_A_FILE",
  "PERSISTABLE_NO_WORKERS",
  "PERSISTABLE_OBJECT_TOO_LARGE",
  "PERSISTABLE_READ_ONLY_STORE",
  "PERSISTABLE_RECORD_TOO_LARGE",
  "PERSISTABLE_STORE_ACCESS",
  "PERSISTABLE_STORE_FULL",
  "PERSISTABLE_UNDECLARED_CLASS",
  "PERSISTABLE_UNKNOWN_STORE",
  "PERSISTABLE_UNSHAREABLE",
  "PERSISTABLE_UNSUPPORTED_PAYLOAD",
  "PERSISTABLE_UNSUPPORTED_VALUE",
  "PERSISTABLE_UPSTREAM_FAILED",
  "PERSISTABLE_VERSION_SKEW",
  "PERSISTABLE_WORKER_MODULE",
  "PERSISTABLE_WRONG_KEY",
]);

/** These errors only wrap another failure: their cause decides whether it is permanent. */
const ON_BEHALF_OF_A_CAUSE: ReadonlySet<string> = new Set([
  "PERSISTABLE_BATCH_FAILED",
  "PERSISTABLE_PERSIST_FAILED",
  "PERSISTABLE_RUN_FAILED",
]);

/**
 * Returns whether the library knows that the same attempt would fail again, so that retries stop.
 */
export function isPermanent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { readonly code?: unknown };
    if (typeof code !== "string") return false;
    if (!ON_BEHALF_OF_A_CAUSE.has(code)) return PERMANENT.has(code);
  }
  return false;
}
