import { DecodeError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { Format } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { MAX_TEXT_BYTES } from "../text-limit.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Text as UTF-8.
 */
export function text(): Format<string> {
  return {
    id: "text",
    extension: ".txt",
    inline: "text",
    check(payload) {
      if (typeof payload !== "string")
        throw new UnsupportedPayloadError("text", [], "is not a string", "Use json() or structured().");
      if (!payload.isWellFormed())
        throw new UnsupportedPayloadError(
          "text",
          [],
          "has a lone surrogate, which UTF-8 has no bytes for",
          "Use structured().",
        );
    },
    encode: encodeText,
    decode(bytes) {
      try {
        return decoder.decode(bytes);
      } catch (cause) {
        if (isOutOfResources(cause)) throw cause;
        throw new DecodeError("text", "they are not UTF-8", { cause });
      }
    },
  };
}

function encodeText(payload: string): readonly Uint8Array[] {
  const bytes = encoder.encode(payload);
  if (bytes.length <= MAX_TEXT_BYTES) return [bytes];
  throw new UnsupportedPayloadError("text", [], "takes more than 512 MiB as UTF-8", "Use structured(), or bytes().");
}
