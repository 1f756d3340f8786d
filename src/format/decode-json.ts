import { DecodeError, DecodeLimitError } from "../errors/format-errors.ts";
import { jsonDepth } from "../util/json-depth.ts";
import type { DecodeLimits } from "./format.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The payload, from bytes that may be anything.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export function decodeJson(bytes: Uint8Array, limits: DecodeLimits): unknown {
  if (jsonDepth(bytes, limits.maxDepth) > limits.maxDepth)
    throw new DecodeLimitError("json", "maxDepth", limits.maxDepth);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new DecodeError("json", (cause as Error).message, { cause });
  }
}
