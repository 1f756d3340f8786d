import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { checkJson } from "../json/check-json.ts";
import { decodeJson } from "../json/decode-json.ts";

/** Lines are handed on together until they have this size: a store has work with each piece. */
const PIECE_CHARACTERS = 64 * 1024;
const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/**
 * Values as lines of JSON, asked for at the pace of whoever takes the bytes.
 *
 * @throws {@link UnsupportedPayloadError} with the number of the value in its path, where JSON would change it.
 */
export async function* encodeJsonLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  let text = "";
  let count = 0;
  for await (const value of values) {
    checkJson(value, [count], "records", "Yield what JSON holds: leave the key out, or give null, or text.");
    text += `${JSON.stringify(value)}\n`;
    count++;
    if (text.length < PIECE_CHARACTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/**
 * The values again, one by one.
 *
 * @throws {@link DecodeError} for a line that is no JSON, or that does not end; {@link DecodeLimitError} where one of them is beyond the limits.
 */
export async function* decodeJsonLines(
  pieces: AsyncIterable<Uint8Array>,
  limits: DecodeLimits,
): AsyncGenerator<unknown> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      const line = piece.subarray(start, end);
      checkLength(begunBytes + line.length, limits);
      yield decodeJson(begunBytes === 0 ? line : Buffer.concat([...begun, line]), limits);
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
