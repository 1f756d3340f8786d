import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import type { Format } from "./format.ts";

/**
 * Bytes as they are.
 *
 * @example
 * ```ts
 * definePersistable({ name: "page", generate: async () => new Uint8Array(await response.arrayBuffer()), format: bytes() });
 * ```
 */
export function bytes(): Format<Uint8Array> {
  return {
    id: "bytes",
    extension: ".bin",
    inline: "base64",
    check(payload) {
      if (Object.prototype.toString.call(payload) !== "[object Uint8Array]") {
        throw new UnsupportedPayloadError(
          "bytes",
          [],
          "is no Uint8Array",
          "Use npy() or structured() for other typed arrays.",
        );
      }
      if (!(payload.buffer instanceof ArrayBuffer)) {
        throw new UnsupportedPayloadError(
          "bytes",
          [],
          "lies in shared memory, which may change while it is written",
          "Give a copy: bytes.slice().",
        );
      }
      if (Object.getPrototypeOf(payload) !== Uint8Array.prototype) {
        throw new UnsupportedPayloadError(
          "bytes",
          [],
          "is an instance of a subclass of Uint8Array (a Buffer?)",
          "Give new Uint8Array(buffer), or use structured(), which keeps a Buffer.",
        );
      }
    },
    encode: (payload) => [payload],
    decode: (decoded) => new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength),
  };
}
