import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { checkJson } from "../json/check-json.ts";
import { decodeJson } from "../json/decode-json.ts";
import { decodeTaggedJson, toTagged } from "../json/tagged-value.ts";

/** Lines are joined to pieces of up to this length, since each piece costs the store a call. */
const PIECE_CHARACTERS = 64 * 1024;
const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/** How one value becomes a line, and back. */
export interface LineCodec {
  encode(value: unknown, index: number): unknown;
  decode(line: Uint8Array, limits: DecodeLimits): unknown;
}

/** Values that JSON does not change. */
export const plainLines: LineCodec = {
  encode(value, index) {
    checkJson(value, [index], "records", "Yield a value that JSON holds: leave the key out, or give null or text.");
    return value;
  },
  decode: decodeJson,
};

/** Values that become tagged JSON. */
export function taggedLines(format: string): LineCodec {
  return {
    encode: (value, index) => toTagged(value, format, [index]),
    decode: (line, limits) => decodeTaggedJson(line, limits, format),
  };
}

/**
 * Encodes values as lines of JSON. It asks for the next value when the consumer wants more bytes.
 *
 * @throws {@link UnsupportedPayloadError} with the number of the value in its path, if JSON would
 * change the value.
 */
export async function* encodeJsonLines(
  values: AsyncIterable<unknown>,
  codec: LineCodec = plainLines,
): AsyncGenerator<Uint8Array> {
  let text = "";
  let count = 0;
  for await (const value of values) {
    text += `${JSON.stringify(codec.encode(value, count))}\n`;
    count++;
    if (text.length < PIECE_CHARACTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/**
 * Decodes the values, one by one.
 *
 * @throws {@link DecodeError} for a line that is not JSON, and for a last line without a line end
 * @throws {@link DecodeLimitError} for a line that exceeds the limits
 */
export async function* decodeJsonLines(
  pieces: AsyncIterable<Uint8Array>,
  limits: DecodeLimits,
  codec: LineCodec = plainLines,
): AsyncGenerator<unknown> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      const line = piece.subarray(start, end);
      checkLength(begunBytes + line.length, limits);
      yield codec.decode(begunBytes === 0 ? line : Buffer.concat([...begun, line]), limits);
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start === piece.length) continue;
    begun.push(piece.subarray(start));
    begunBytes += piece.length - start;
    checkLength(begunBytes, limits);
  }
  if (begunBytes > 0) throw new DecodeError("json lines", "the last line does not end");
}

function checkLength(lineBytes: number, limits: DecodeLimits): void {
  if (lineBytes > limits.maxBytes) throw new DecodeLimitError("json lines", "maxBytes", limits.maxBytes);
}
