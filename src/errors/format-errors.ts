import { PersistableError } from "./persistable-error.ts";
import { formatPath, type ValuePath } from "./value-path.ts";

/**
 * A format cannot hold a payload; nothing was written. Remedy: the message names the place in the payload, and a format that could hold it.
 *
 * @example
 * ```ts
 * throw new UnsupportedPayloadError("upper-case", ["title"], "has lower-case letters", "text()");
 * // payload.title has lower-case letters, which the format upper-case cannot hold. Use text() …
 * ```
 */
export class UnsupportedPayloadError extends PersistableError {
  override readonly code = "PERSISTABLE_UNSUPPORTED_PAYLOAD" as const;
  readonly format: string;
  /** Where in the payload. */
  readonly path: ValuePath;
  /** A format that could hold it, or what else to do: the last sentence of the message. */
  readonly suggestion: string;

  /**
   * @param what - what stands there, as in "is a function"
   * @param suggestion - a format that could hold it, or what else to do
   */
  constructor(format: string, path: ValuePath, what: string, suggestion: string) {
    super(`${shownPath(path)} ${what}, which the format ${format} cannot hold. ${suggestion}`);
    this.format = format;
    this.path = path;
    this.suggestion = suggestion;
  }
}

const MAX_SHOWN_PARTS = 16;

/** A path that people can read: of a deep one, the beginning and the number of levels. */
function shownPath(path: ValuePath): string {
  if (path.length <= MAX_SHOWN_PARTS) return formatPath("payload", path);
  return `${formatPath("payload", path.slice(0, MAX_SHOWN_PARTS))}… (${path.length} levels down)`;
}

/**
 * Bytes are not what the format writes. Since payloads are verified before they are decoded, this means that they were written by something else
 * under the same format id. Remedy: look at who wrote the artifact; `loadOrGenerate()` sets it aside and generates anew.
 */
export class DecodeError extends PersistableError {
  override readonly code = "PERSISTABLE_DECODE" as const;
  readonly format: string;

  constructor(format: string, problem: string, options?: ErrorOptions) {
    super(`These bytes are no ${format} payload: ${problem}.`, options);
    this.format = format;
  }
}

/**
 * Decoding would take more than the limits allow. Nothing is wrong with the artifact. Remedy: when you trust it, give larger `limits`.
 */
export class DecodeLimitError extends PersistableError {
  override readonly code = "PERSISTABLE_DECODE_LIMIT" as const;
  readonly format: string;
  readonly limit: string;

  constructor(format: string, limit: string, allowed: number, options?: ErrorOptions) {
    super(
      `Decoding this ${format} payload takes more than limits.${limit} = ${allowed} allows. Raise the limit where you trust its origin.`,
      options,
    );
    this.format = format;
    this.limit = limit;
  }
}

/**
 * A payload was written by a newer runtime, or by a newer release of this library, than this one
 * can read. It was left untouched. Remedy: run the Node version that the record names, or update
 * persistable-ts, as the message says; or generate it again after `remove()`.
 */
export class NewerPayloadError extends PersistableError {
  override readonly code = "PERSISTABLE_NEWER_PAYLOAD" as const;

  constructor(
    format: string,
    what: string,
    remedy = `this runtime (Node ${process.versions.node}) cannot read. Its record names the version that wrote it`,
  ) {
    super(`This ${format} payload was written ${what}, which ${remedy}.`);
  }

  /** The same of what only a newer release of this library reads. */
  static ofRelease(format: string, what: string): NewerPayloadError {
    return new NewerPayloadError(
      format,
      what,
      "this release does not read. Update persistable-ts; it was left untouched",
    );
  }
}

/** A compression is not available in this version of Node. Remedy: as the message says. */
export class CompressionUnavailableError extends PersistableError {
  override readonly code = "PERSISTABLE_COMPRESSION_UNAVAILABLE" as const;

  /** @param remedy - what to do, other for a reader than for a writer */
  constructor(compression: string, since: string, remedy = "Use gzip(…) or brotli(…), or a newer Node.") {
    super(`${compression} needs Node ${since}, and this is ${process.versions.node}. ${remedy}`);
  }
}

/** A payload holds an instance of a class that the format was not told of. Nothing is damaged. Remedy: declare it: `structured({ classes: [defineClass(…)] })`. */
export class UndeclaredClassError extends PersistableError {
  override readonly code = "PERSISTABLE_UNDECLARED_CLASS" as const;
  readonly className: string;

  constructor(className: string) {
    super(
      `The payload holds an instance of ${className}, and the format was not told how to decode it: structured({ classes: [defineClass(${className}, …)] }).`,
    );
    this.className = className;
  }
}
