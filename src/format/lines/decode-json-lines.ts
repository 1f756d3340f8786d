import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import { jsonDepth } from "../../util/json/json-depth.ts";
import type { DecodeLimits } from "../format.ts";
import { countJsonNodes } from "../json/decode-json.ts";
import { writableJson } from "../json/writable-json.ts";
import { isOutOfResources } from "../out-of-resources.ts";

const NEWLINE = 0x0a;
/**
 * How many bytes are converted to text by one call, if no single line is longer: the length of a
 * string is limited.
 */
const BLOCK_BYTES = 16 * 1024 ** 2;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes the values of all lines, from bytes that may be hostile.
 *
 * @throws {@link DecodeError} for a line that is not JSON, and for a last line without a line end
 * @throws {@link DecodeLimitError}
 */
export function parseJsonLines(format: string, bytes: Uint8Array, limits: DecodeLimits): unknown[] {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError(format, "maxBytes", limits.maxBytes);
  if (bytes.length > 0 && bytes.at(-1) !== NEWLINE) throw new DecodeError(format, "the last line does not end");
  // A value takes at least two bytes: one of its own, and a comma or a line end.
  if (bytes.length / 2 > limits.maxNodes && countNodes(bytes) > limits.maxNodes)
    throw new DecodeLimitError(format, "maxNodes", limits.maxNodes);
  const values: unknown[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = endOfBlock(bytes, start);
    if (jsonDepth(bytes.subarray(start, end), limits.maxDepth) > limits.maxDepth)
      throw new DecodeLimitError(format, "maxDepth", limits.maxDepth);
    parseBlock(format, bytes.subarray(start, end - 1), values);
    start = end;
  }
  return values;
}

/**
 * Returns the end of the last line that is whole within a block, or of the first line if it is
 * longer than a block.
 */
function endOfBlock(bytes: Uint8Array, start: number): number {
  if (bytes.length - start <= BLOCK_BYTES) return bytes.length;
  const last = bytes.lastIndexOf(NEWLINE, start + BLOCK_BYTES - 1);
  return (last >= start ? last : bytes.indexOf(NEWLINE, start)) + 1;
}

function parseBlock(format: string, block: Uint8Array, values: unknown[]): void {
  try {
    for (const line of decoder.decode(block).split("\n")) {
      values.push(writableJson(format, JSON.parse(line), line, `line ${values.length + 1} holds`));
    }
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError(format, `after ${values.length} lines: ${messageOf(cause)}`, { cause });
  }
}

function countNodes(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === NEWLINE) lines += 1;
  return lines - 1 + countJsonNodes(bytes);
}
