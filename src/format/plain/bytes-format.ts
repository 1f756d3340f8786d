import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { Format } from "../format.ts";
import { viewProblem } from "../view-problem.ts";

/**
 * Payloads below this size are copied. Otherwise they would be views of the pool in which Node
 * makes small buffers.
 */
const COPY_BELOW_BYTES = 64 * 1024;

/**
 * Bytes as they are.
 */
export function bytes(): Format<Uint8Array> {
  return {
    id: "bytes",
    extension: ".bin",
    inline: "base64",
    check: checkBytes,
    encode: (payload) => [payload],
    decode: (decoded) =>
      decoded.length < COPY_BELOW_BYTES
        ? new Uint8Array(decoded)
        : new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength),
  };
}

function checkBytes(payload: unknown): void {
  if (Object.prototype.toString.call(payload) !== "[object Uint8Array]" || !ArrayBuffer.isView(payload))
    refuse("is not a Uint8Array", "Use npy() or structured() for other typed arrays.");
  if (Object.getPrototypeOf(payload) !== Uint8Array.prototype)
    refuse(
      "is an instance of a subclass of Uint8Array (a Buffer?)",
      "Give new Uint8Array(buffer), or use structured(), which keeps a Buffer.",
    );
  const problem = viewProblem(payload);
  if (problem !== undefined) refuse(...problem);
}

function refuse(what: string, suggestion: string): never {
  throw new UnsupportedPayloadError("bytes", [], what, suggestion);
}
