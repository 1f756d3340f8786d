import { messageOf } from "../../errors/error-kind.ts";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { DecodeLimits, UniversalFormat } from "../format.ts";
import { MAX_TEXT_BYTES } from "../text-limit.ts";
import { checkJson } from "./check-json.ts";
import { decodeJson } from "./decode-json.ts";

/**
 * JSON text, for people and other tools. The format refuses the values that JSON would change:
 * `undefined`, `NaN`, `-0`, `Date`, `Map`, `bigint`, and instances of classes.
 */
export function json(): UniversalFormat {
  return {
    id: "json",
    extension: ".json",
    inline: "json",
    check: (payload) => checkJson(payload),
    encode: encodeJson,
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) => decodeJson(bytes, limits) as Payload,
  };
}

function encodeJson(payload: unknown): readonly Uint8Array[] {
  let bytes: Uint8Array | undefined;
  try {
    bytes = Buffer.from(JSON.stringify(payload));
  } catch (error) {
    if (!messageOf(error).includes("string length")) throw error;
  }
  if (bytes !== undefined && bytes.length <= MAX_TEXT_BYTES) return [bytes];
  throw new UnsupportedPayloadError("json", [], "takes more than 512 MiB as text", "Use structured(), or npy().");
}
