import { DecodeError } from "../../errors/format-errors.ts";
import { formatFailure } from "../../errors/user-code-errors.ts";
import { isPromise } from "../../util/is-promise.ts";

/** A payload that was decoded; in an object, since it may be a promise or an error itself. */
export interface Decoded {
  readonly value: unknown;
}

/**
 * Decoding may fail for the sake of the bytes, which is damage and returned, or because of a bug in a format or a class codec, or a lack of
 * memory: none of these says anything about the artifact.
 *
 * @throws {@link FormatFailedError}; an error of this library other than {@link DecodeError}, as it is.
 */
export function tryDecode(
  format: string,
  decode: () => unknown,
): Decoded | DecodeError | Promise<Decoded | DecodeError> {
  try {
    const value = decode();
    if (isPromise(value))
      return value.then(
        (value: unknown) => ({ value }),
        (error: unknown) => keepDecodeError(format, error),
      );
    return { value };
  } catch (error) {
    return keepDecodeError(format, error);
  }
}

function keepDecodeError(format: string, error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  throw formatFailure(format, "decode", error);
}
