import { DecodeError, DecodeLimitError } from "../errors/format-errors.ts";
import { jsonDepth } from "../util/json-depth.ts";
import { checkJson } from "./check-json.ts";
import type { DecodeLimits, UniversalFormat } from "./format.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
    encode: (payload) => [Buffer.from(JSON.stringify(payload))],
    decode: <Payload>(bytes: Uint8Array, limits: DecodeLimits) => decodeJson(bytes, limits) as Payload,
  };
}

function decodeJson(bytes: Uint8Array, limits: DecodeLimits): unknown {
  if (jsonDepth(bytes, limits.maxDepth) > limits.maxDepth)
    throw new DecodeLimitError("json", "maxDepth", limits.maxDepth);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new DecodeError("json", (cause as Error).message, { cause });
  }
}
