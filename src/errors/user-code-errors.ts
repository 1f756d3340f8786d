import { messageOf } from "./error-kind.ts";
import { PersistableError } from "./persistable-error.ts";

/**
 * A codec that was declared with `defineClass` threw: a bug in it, or an instance it does not
 * expect. `cause` is the thrown value. The artifact itself is sound, and stays where it is. Remedy:
 * fix the codec, then repeat the call.
 *
 * @example
 * ```ts
 * import { ClassCodecError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.load();
 * } catch (error) {
 *   if (!(error instanceof ClassCodecError)) throw error;
 *   console.error(error.className, error.operation, error.cause);
 * }
 * ```
 */
export class ClassCodecError extends PersistableError {
  override readonly code = "PERSISTABLE_CLASS_CODEC" as const;
  readonly className: string;
  /** The function that threw. */
  readonly operation: "encode" | "decode";

  /**
   * @param place - the position of the instance, as in `params.range`, if it is known
   */
  constructor(className: string, operation: "encode" | "decode", cause: unknown, place?: string) {
    const what = place === undefined ? `an instance of ${className}` : `${place}, an instance of ${className}`;
    super(
      `The codec of ${className} could not ${operation} ${what}: ${withoutStop(cause)}. ` +
        `Fix ${operation} in defineClass(${className}, …) and repeat the call; what is persisted stays as it is.`,
      { cause },
    );
    this.className = className;
    this.operation = operation;
  }
}

/**
 * A format threw something that is not an error of this library, or returned something that formats
 * do not return: a bug in it, or no memory left. `cause` is the thrown value, if any. The artifact
 * itself is sound, and stays where it is. Remedy: fix the format, then repeat the call.
 *
 * @example
 * ```ts
 * import { FormatFailedError } from "persistable-ts";
 * import { estimator } from "./pipeline.ts";
 *
 * try {
 *   await estimator.load();
 * } catch (error) {
 *   if (!(error instanceof FormatFailedError)) throw error;
 *   console.error(error.format, error.operation, error.cause);
 * }
 * ```
 */
export class FormatFailedError extends PersistableError {
  override readonly code = "PERSISTABLE_FORMAT_FAILED" as const;
  /** The id of the format. */
  readonly format: string;
  /** The function that failed. */
  readonly operation: FormatOperation;

  /**
   * @param problem - replaces the cause's own message, as in "gave a string instead of an array of
   * Uint8Array"
   */
  constructor(format: string, operation: FormatOperation, problem: string | undefined, options?: ErrorOptions) {
    super(
      `${operation} of the format ${format} ${problem ?? `failed: ${withoutStop(options?.cause)}`}. ` +
        "Fix the format and repeat the call; what is persisted stays as it is.",
      options,
    );
    this.format = format;
    this.operation = operation;
  }
}

export type FormatOperation = "check" | "encode" | "decode" | "stored.open" | "selectColumns";

/**
 * Returns the error to throw when a format failed: an error of this library stays as it is, any
 * other value becomes the cause of one.
 */
export function formatFailure(format: string, operation: FormatOperation, error: unknown): PersistableError {
  if (error instanceof PersistableError) return error;
  const ofCodec = isObject(error) ? codecFailures.get(error) : undefined;
  if (ofCodec !== undefined) return ofCodec;
  return new FormatFailedError(format, operation, undefined, { cause: error });
}

/**
 * A caller of a format's own function catches exactly what a class codec threw; this map tells the
 * library that the value came from a codec.
 */
const codecFailures = new WeakMap<object, ClassCodecError>();

/** Calls a format's own function, and throws what a class codec threw in it. */
export function withErrorsOfCodecs<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ClassCodecError) || !isObject(error.cause)) throw error;
    codecFailures.set(error.cause, error);
    throw error.cause;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function withoutStop(cause: unknown): string {
  const message = messageOf(cause);
  return message.endsWith(".") ? message.slice(0, -1) : message;
}
