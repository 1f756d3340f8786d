import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import { checkJson } from "./check-json.ts";
import { decodeJson } from "./decode-json.ts";
import type { DecodeLimits, UniversalFormat } from "./format.ts";

/**
 * JSON text, for people and other tools. Refuses exactly what JSON would change: `undefined`, `NaN`, `-0`, `Date`, `Map`, `bigint`, class instances.
 *
 * @example
 * ```ts
 * definePersistable({ name: "settings", generate: () => ({ depth: 3 }), format: json() });
 * ```
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
  let text: string;
  try {
    text = JSON.stringify(payload);
  } catch (error) {
    if (!/string length/i.test((error as Error).message)) throw error;
    throw new UnsupportedPayloadError("json", [], "is longer than any text can be", "Use structured(), or npy().");
  }
  return [Buffer.from(text)];
}
