import { PersistableError } from "./persistable-error.ts";
import { formatPath, type ValuePath } from "./value-path.ts";

/**
 * A format cannot hold a payload; nothing was written. Remedy: the message names the position in
 * the payload, and a format that can hold it.
 *
 * @example
 * ```ts
 * import { UnsupportedPayloadError } from "persistable-ts";
 *
 * function check(payload: string): void {
 *   if (payload !== payload.toUpperCase())
 *     throw new UnsupportedPayloadError("upper-case", [], "has lower-case letters", "Use text().");
 * }
 * ```
 */
export class UnsupportedPayloadError extends PersistableError {
  override readonly code = "PERSISTABLE_UNSUPPORTED_PAYLOAD" as const;
  readonly format: string;
  /** The position in the payload. */
  readonly path: ValuePath;
  /** The last sentence of the message: a format that can hold the payload, or what else to do. */
  readonly suggestion: string;

  /**
   * @param what - what is wrong with the value, as in "is a function"
   * @param suggestion - a format that can hold it, or what else to do
   */
  constructor(format: string, path: ValuePath, what: string, suggestion: string) {
    super(`${shownPath(path)} ${what}, which the format ${format} cannot hold. ${suggestion}`);
    this.format = format;
    this.path = path;
    this.suggestion = suggestion;
  }
}

const MAX_SHOWN_PARTS = 16;

/** Writes a path for people; a deep one is cut, with the number of levels instead of the rest. */
function shownPath(path: ValuePath): string {
  if (path.length <= MAX_SHOWN_PARTS) return formatPath("payload", path);
  return `${formatPath("payload", path.slice(0, MAX_SHOWN_PARTS))}… (${path.length} levels down)`;
}

/**
 * Bytes are not what the format writes. Since payloads are verified before they are decoded, this
 * means that they were written by something else under the same format id. Remedy: find out who
 * wrote the artifact; `loadOrGenerate()` sets it aside and generates it again.
 *
 * @example
 * ```ts
 * import { DecodeError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof DecodeError)) throw error;
 *   console.error(error.format, error.message);
 * }
 * ```
 */
export class DecodeError extends PersistableError {
  override readonly code = "PERSISTABLE_DECODE" as const;
  readonly format: string;

  constructor(format: string, problem: string, options?: ErrorOptions) {
    super(`These bytes are not a payload of the format ${format}: ${problem}.`, options);
    this.format = format;
  }
}

/**
 * An id is not that of a format of this package, or it says too little to read a payload with.
 * Remedy: read the payload with the format of its definition; `id` is the one in the record.
 *
 * @example
 * ```ts
 * import { UnknownFormatError } from "persistable-ts";
 * import { formatOf } from "persistable-ts/format";
 *
 * try {
 *   await formatOf("upper-case");
 * } catch (error) {
 *   if (!(error instanceof UnknownFormatError)) throw error;
 *   console.error(error.id);
 * }
 * ```
 */
export class UnknownFormatError extends PersistableError {
  override readonly code = "PERSISTABLE_UNKNOWN_FORMAT" as const;
  readonly id: string;

  constructor(id: string, remedy = "Read the payload with the format of its definition, or update persistable-ts.") {
    super(`The format id ${JSON.stringify(id)} is not enough to read a payload. ${remedy}`);
    this.id = id;
  }
}

/**
 * Decoding would take more than the limits allow. Nothing is wrong with the artifact. Remedy: if
 * you trust it, set larger `limits`.
 *
 * @example
 * ```ts
 * import { DecodeLimitError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof DecodeLimitError)) throw error;
 *   console.error(error.format, error.limit);
 * }
 * ```
 */
export class DecodeLimitError extends PersistableError {
  override readonly code = "PERSISTABLE_DECODE_LIMIT" as const;
  readonly format: string;
  readonly limit: string;

  constructor(format: string, limit: string, allowed: number, options?: ErrorOptions) {
    super(
      `Decoding this ${format} payload takes more than limits.${limit} = ${allowed} allows. Raise the limit if you trust the payload's origin.`,
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
 *
 * @example
 * ```ts
 * import { NewerPayloadError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof NewerPayloadError)) throw error;
 *   console.error(error.message);
 * }
 * ```
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

  /** Creates the error for a payload that only a newer release of this library reads. */
  static ofRelease(format: string, what: string): NewerPayloadError {
    return new NewerPayloadError(
      format,
      what,
      "this release does not read. Update persistable-ts; it was left untouched",
    );
  }
}

/**
 * A compression is not available in this version of Node. Remedy: as the message says.
 *
 * @example
 * ```ts
 * import { CompressionUnavailableError, definePersistable, json, zstd } from "persistable-ts";
 *
 * try {
 *   definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: zstd(json()) });
 * } catch (error) {
 *   if (!(error instanceof CompressionUnavailableError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class CompressionUnavailableError extends PersistableError {
  override readonly code = "PERSISTABLE_COMPRESSION_UNAVAILABLE" as const;

  /** @param remedy - what to do: a reader can do other things than a writer */
  constructor(
    compression: string,
    since: string,
    remedy = "Use gzip(…) or brotli(…), or a newer Node.",
    options?: ErrorOptions,
  ) {
    super(`${compression} needs Node ${since}, and this is ${process.versions.node}. ${remedy}`, options);
  }
}

/**
 * A payload holds an instance of a class that the format does not know. Nothing is damaged.
 * Remedy: declare it: `structured({ classes: [defineClass(…)] })`.
 *
 * @example
 * ```ts
 * import { UndeclaredClassError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.load();
 * } catch (error) {
 *   if (!(error instanceof UndeclaredClassError)) throw error;
 *   console.error(error.className);
 * }
 * ```
 */
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

/**
 * A key does not open an encrypted payload, is not a key, or was not given. Nothing is damaged, and
 * the payload is not generated again. The message contains no key.
 * Remedy: the message says which format needs which keys.
 *
 * @example
 * ```ts
 * import { WrongKeyError } from "persistable-ts/format";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.load();
 * } catch (error) {
 *   if (!(error instanceof WrongKeyError)) throw error;
 *   console.error(error.format, error.message);
 * }
 * ```
 */
export class WrongKeyError extends PersistableError {
  override readonly code = "PERSISTABLE_WRONG_KEY" as const;
  /** The format that the key is for: `encrypted(json)`. */
  readonly format: string;

  /**
   * @param problem what is wrong, without any key, as in "no identity was given"
   * @param remedy what to do
   */
  constructor(format: string, problem: string, remedy: string) {
    super(`The keys for ${format} do not work: ${problem}. ${remedy}`);
    this.format = format;
  }
}

/**
 * Columns do not form a table, rows do not fit the columns, or a requested column does not exist.
 * Nothing was written. Remedy: the message says where and what would fit.
 *
 * @example
 * ```ts
 * import { InvalidColumnTableError, tableFromRows } from "persistable-ts/table";
 *
 * try {
 *   tableFromRows([{ id: 1.5 }], { types: { id: "int32" } });
 * } catch (error) {
 *   if (!(error instanceof InvalidColumnTableError)) throw error;
 *   console.error(error.path, error.message);
 * }
 * ```
 */
export class InvalidColumnTableError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_COLUMN_TABLE" as const;
  /** The position in the table, or in the rows. */
  readonly path: ValuePath;

  /**
   * @param what - what is wrong there, as in "has 3 values where there are 4 rows"
   * @param suggestion - what to do
   */
  constructor(root: "table" | "rows", path: ValuePath, what: string, suggestion: string) {
    super(`${formatPath(root, path)} ${what}. ${suggestion}`);
    this.path = path;
  }
}
