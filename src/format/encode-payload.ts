import { FormatFailedError, formatFailure } from "../errors/user-code-errors.ts";
import { isPromise } from "../util/is-promise.ts";
import type { DecodeLimits, Format } from "./format.ts";

/**
 * Encodes a payload, after its format has checked that it can hold it.
 *
 * @throws {@link UnsupportedPayloadError}
 * @throws {@link FormatFailedError} if the format throws anything else, or returns anything but an
 * array of byte arrays
 */
export async function encodePayload(
  format: Pick<Format, "id" | "check" | "encode">,
  payload: unknown,
): Promise<readonly Uint8Array[]> {
  await checkPayload(format, payload);
  let encoded: unknown;
  try {
    encoded = await format.encode(payload);
  } catch (error) {
    throw formatFailure(format.id, "encode", error);
  }
  return asChunks(format.id, encoded);
}

/**
 * Asks a format whether it can hold a payload.
 *
 * @throws as {@link encodePayload}
 */
export async function checkPayload(format: Pick<Format, "id" | "check">, payload: unknown): Promise<void> {
  try {
    await format.check(payload);
  } catch (error) {
    throw formatFailure(format.id, "check", error);
  }
}

/**
 * Decodes a payload from bytes that were verified.
 *
 * @throws errors of this library as they are
 * @throws {@link FormatFailedError} if the format throws anything else
 */
export function decodePayload(format: Pick<Format, "id" | "decode">, bytes: Uint8Array, limits: DecodeLimits): unknown {
  const fail = (error: unknown): never => {
    throw formatFailure(format.id, "decode", error);
  };
  try {
    const decoded = format.decode(bytes, limits);
    return isPromise(decoded) ? decoded.catch(fail) : decoded;
  } catch (error) {
    return fail(error);
  }
}

/**
 * Returns the result of `encode`, after checking its type: a store would fail for another type
 * without naming the format.
 */
export function asChunks(format: string, encoded: unknown): readonly Uint8Array[] {
  if (Array.isArray(encoded) && encoded.every(isBytes)) return encoded;
  throw new FormatFailedError(format, "encode", `gave ${describe(encoded)} instead of an array of Uint8Array: [bytes]`);
}

/** Whether a value is a Uint8Array, of any realm. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

function describe(encoded: unknown): string {
  if (Array.isArray(encoded)) {
    const index = encoded.findIndex((chunk) => !isBytes(chunk));
    return `an array with ${describe(encoded[index])} at ${index}`;
  }
  if (encoded === undefined || encoded === null) return String(encoded);
  if (typeof encoded !== "object") return `a ${typeof encoded}`;
  return `one ${Object.prototype.toString.call(encoded).slice("[object ".length, -1)}`;
}
