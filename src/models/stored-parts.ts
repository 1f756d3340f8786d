import { DecodeError } from "../errors/format-errors.ts";
import type { DecodeLimits, Format } from "../format/format.ts";
import { taggedJson } from "../format/json/tagged-json-format.ts";
import { decodeTaggedJson } from "../format/json/tagged-value.ts";
import { partsIn, type StreamPart } from "./model.ts";

type Packet = readonly StreamPart[];

/** Parts are replayed in packets of this many. */
const PACKET = 64;

const [QUOTE, COMMA, BACKSLASH, OPENING, CLOSING] = Buffer.from('",\\[]');
const [OPENING_BRACE, CLOSING_BRACE] = Buffer.from("{}");

/**
 * The parts of a stored stream as text whose digest was verified. They are decoded a packet at a
 * time, so that a reader does not wait for all parts of a long answer until it has the first one.
 */
class StoredParts {
  readonly #text: Uint8Array;
  readonly #limits: DecodeLimits;

  constructor(text: Uint8Array, limits: DecodeLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  *packets(): Generator<Packet> {
    const text = this.#text;
    for (let start = 1; start < text.length - 1; ) {
      const end = endOfPacket(text, start);
      const packet = Buffer.concat([Buffer.from("["), text.subarray(start, end), Buffer.from("]")]);
      yield partsIn(decodeTaggedJson(packet, this.#limits, "tagged-json"));
      start = end + 1;
    }
  }
}

/** The format of stored streams: `taggedJson()`, whose payload is decoded while it is replayed. */
export function formatOfParts(): Format<unknown> {
  return {
    ...taggedJson(),
    decode(bytes, limits) {
      if (bytes[0] === OPENING && bytes.at(-1) === CLOSING) return new StoredParts(bytes, limits);
      throw new DecodeError("tagged-json", "the parts of a stream are not a list");
    },
  };
}

/** Yields the parts of a stream, stored or just received, in packets. */
export function* packetsOf(payload: unknown): Generator<Packet> {
  if (payload instanceof StoredParts) yield* payload.packets();
  else for (let parts = partsIn(payload); parts.length > 0; parts = parts.slice(PACKET)) yield parts.slice(0, PACKET);
}

/** The position of the comma behind the last part of a packet, or that of the end of the list. */
function endOfPacket(text: Uint8Array, start: number): number {
  let [depth, parts] = [0, 0];
  for (let i = start; i < text.length; i++) {
    const byte = text[i];
    if (byte === QUOTE) i = endOfText(text, i + 1);
    else if (byte === OPENING || byte === OPENING_BRACE) depth += 1;
    else if (byte === CLOSING || byte === CLOSING_BRACE) {
      if (depth === 0) return i;
      depth -= 1;
    } else if (byte === COMMA && depth === 0 && ++parts === PACKET) return i;
  }
  return text.length - 1;
}

/** The position of the quote that ends a text. */
function endOfText(text: Uint8Array, start: number): number {
  let i = start;
  while (i < text.length && text[i] !== QUOTE) i += text[i] === BACKSLASH ? 2 : 1;
  return i;
}
