import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import { jsonDepth } from "../../util/json/json-depth.ts";
import type { DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { writableJson } from "./writable-json.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes a payload from bytes that may be hostile.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export function decodeJson(bytes: Uint8Array, limits: DecodeLimits): unknown {
  // A short text is not counted, since it cannot exceed the limits: a level takes two bytes, its
  // brackets, and so does a value, one of its own and a comma or a bracket.
  if (bytes.length / 2 > limits.maxDepth && jsonDepth(bytes, limits.maxDepth) > limits.maxDepth)
    throw new DecodeLimitError("json", "maxDepth", limits.maxDepth);
  if (bytes.length / 2 > limits.maxNodes && countJsonNodes(bytes) > limits.maxNodes)
    throw new DecodeLimitError("json", "maxNodes", limits.maxNodes);
  try {
    const text = decoder.decode(bytes);
    return writableJson("json", JSON.parse(text), text);
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError("json", messageOf(cause), { cause });
  }
}

/**
 * Counts values without parsing. The result is never too low: each value but the first follows a
 * comma or a bracket.
 */
export function countJsonNodes(text: Uint8Array): number {
  let count = 1;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (byte === 0x22) inText = !inText;
    else if (inText) i += byte === 0x5c ? 1 : 0;
    else if (byte === 0x2c || ((byte === 0x5b || byte === 0x7b) && !closesAt(text, i + 1))) count += 1;
  }
  return count;
}

function closesAt(text: Uint8Array, at: number): boolean {
  return text[at] === 0x5d || text[at] === 0x7d;
}
