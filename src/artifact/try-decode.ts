import { DecodeError } from "../errors/format-errors.ts";

/** A payload that was decoded; in an object, since it may be a promise or an error itself. */
export interface Decoded {
  readonly value: unknown;
}

/** Decoding may fail for the bytes' sake, which is damage, or for the user's (a class that cannot be built), which is an error. */
export function tryDecode(decode: () => unknown): Decoded | DecodeError | Promise<Decoded | DecodeError> {
  try {
    const value = decode();
    if (value instanceof Promise) return value.then((value: unknown) => ({ value }), keepDecodeError);
    return { value };
  } catch (error) {
    return keepDecodeError(error);
  }
}

function keepDecodeError(error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  throw error;
}
