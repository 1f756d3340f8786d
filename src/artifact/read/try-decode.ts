import { DecodeError } from "../../errors/format-errors.ts";
import { formatFailure } from "../../errors/user-code-errors.ts";
import { isPromise } from "../../util/is-promise.ts";

/** A payload that was decoded. It is wrapped, since it may itself be a promise or an error. */
export interface Decoded {
  readonly value: unknown;
}

/**
 * Decodes, and tells two kinds of failure apart. If the bytes are wrong, the artifact is damaged,
 * and the error is returned. A bug in a format or a class codec, or a lack of memory, says nothing
 * about the artifact, and is thrown.
 *
 * @throws {@link FormatFailedError}; an error of this library other than {@link DecodeError},
 * unchanged
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
