import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { instantOf } from "../instants.ts";

/** How many bytes follow the first byte of a value, for those first bytes that determine it. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

const FLOAT_32 = 202;
const FLOAT_64 = 203;
const SIGN_BIT = 0x80000000;

/** The number of the timestamp extension, the only one in MessagePack's specification. */
const TIMESTAMP = 0xff;
const NANOSECONDS_OF_A_SECOND = 1_000_000_000;
const NANOSECONDS_OF_A_MILLISECOND = 1_000_000;
/** Without its native part, msgpackr drops a byte order mark at the beginning of longer texts. */
const MARK_KEPT_UP_TO_BYTES = 64;

/**
 * Walks over MessagePack without building anything. Decoding that follows meets only whole values
 * of known types, no more of them and no deeper than the limits allow.
 *
 * @returns the same bytes, or a changed copy whose values can be written again: 0 instead of -0,
 * and timestamps cut off downwards to the millisecond, as a Date holds them. msgpackr itself would
 * round those before 1970 up.
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export function walkMsgpack(bytes: Uint8Array, limits: DecodeLimits): Uint8Array {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("msgpack", "maxBytes", limits.maxBytes);
  const walk = new MsgpackWalk(bytes, limits);
  walk.walk();
  return walk.rounded ?? bytes;
}

class MsgpackWalk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: DecodeLimits;
  readonly #isUtf8 = process.getBuiltinModule("node:buffer").isUtf8;
  /** A changed copy of the bytes; `undefined` as long as nothing had to be changed. */
  rounded: Uint8Array | undefined;
  #at = 0;
  #nodes = 0;
  /**
   * How many values of the open container are still to come. A map counts its keys and its values.
   */
  #left = 1;
  #isMap = false;
  /** `#left` and `#isMap` of each container around the open one, the outermost first. */
  readonly #leftAround: number[] = [];
  readonly #isMapAround: boolean[] = [];

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  walk(): void {
    for (;;) {
      while (this.#left === 0) {
        const left = this.#leftAround.pop();
        if (left === undefined) {
          if (this.#at !== this.#bytes.length) this.#fail("more bytes follow");
          return;
        }
        this.#left = left;
        this.#isMap = this.#isMapAround.pop() ?? false;
      }
      const isKey = this.#isMap && this.#left % 2 === 0;
      this.#left -= 1;
      if (isKey) this.#passKey();
      else this.#passValue();
    }
  }

  #passKey(): void {
    const sizeBytes = this.#textBytes(this.#take(1)) ?? this.#fail("a key of a map is not text");
    const start = this.#at;
    this.#passText(sizeBytes);
    if (sizeBytes === PROTO.length && PROTO.every((byte, i) => this.#bytes[start + i] === byte))
      this.#fail("a key of a map is __proto__");
  }

  #passValue(): void {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.maxNodes) this.#exceed("maxNodes");
    const token = this.#take(1);
    if (token >= 0x80 && token < 0xe0) this.#passLong(token);
  }

  /** Passes a value that has more bytes than its first one. */
  #passLong(token: number): void {
    const fixed = FIXED_BYTES[token];
    const textBytes = fixed === undefined ? this.#textBytes(token) : undefined;
    if (token === FLOAT_32 || token === FLOAT_64) this.#passFloat(token === FLOAT_32 ? 4 : 8);
    else if (fixed !== undefined) this.#skip(fixed);
    else if (textBytes !== undefined) this.#passText(textBytes);
    else if (token < 0xa0) this.#open(token & 0x0f, token < 0x90);
    else if (token >= 0xdc) this.#open(this.#take(token % 2 === 0 ? 2 : 4), token >= 0xde);
    else if (token >= 0xd4) this.#passExtension(2 ** (token - 0xd4));
    else if (token >= 0xc7) this.#passExtension(this.#take(2 ** (token - 0xc7)));
    else if (token >= 0xc4) this.#skip(this.#take(2 ** (token - 0xc4)));
    else this.#fail("they hold the byte 0xc1 instead of a value");
  }

  /** Changes -0 to 0, which is how msgpackr writes both. */
  #passFloat(sizeBytes: 4 | 8): void {
    const start = this.#at;
    this.#skip(sizeBytes);
    if (this.#view.getUint32(start) !== SIGN_BIT) return;
    if (sizeBytes === 4 || this.#view.getUint32(start + 4) === 0) this.#setUint32(start, 0);
  }

  #open(count: number, isMap: boolean): void {
    if (this.#leftAround.length >= this.#limits.maxDepth) this.#exceed("maxDepth");
    this.#leftAround.push(this.#left);
    this.#isMapAround.push(this.#isMap);
    this.#left = isMap ? 2 * count : count;
    this.#isMap = isMap;
  }

  /**
   * Returns the length in bytes of the text that begins with this token, or `undefined` if the
   * token does not begin a text.
   */
  #textBytes(token: number): number | undefined {
    if (token >= 0xa0 && token < 0xc0) return token & 0x1f;
    return token >= 0xd9 && token <= 0xdb ? this.#take(2 ** (token - 0xd9)) : undefined;
  }

  #passText(sizeBytes: number): void {
    const start = this.#at;
    this.#skip(sizeBytes);
    let i = start;
    while (i < this.#at && (this.#bytes[i] ?? 0) < 0x80) i += 1;
    if (i === this.#at) return;
    if (!this.#isUtf8(this.#bytes.subarray(i, this.#at))) this.#fail("a text is not UTF-8");
    if (sizeBytes > MARK_KEPT_UP_TO_BYTES && this.#view.getUint32(start) >>> 8 === 0xefbbbf)
      this.#fail("a text begins with a byte order mark");
  }

  #passExtension(sizeBytes: number): void {
    const type = this.#take(1);
    const start = this.#at;
    this.#skip(sizeBytes);
    if (type !== TIMESTAMP)
      this.#fail(`they hold an extension of type ${(type << 24) >> 24}, and only timestamps (-1) are read`);
    if (sizeBytes === 4) return;
    if (sizeBytes !== 8 && sizeBytes !== 12) this.#fail(`a timestamp has ${sizeBytes} bytes`);
    const head = this.#view.getUint32(start);
    const nanoseconds = sizeBytes === 8 ? head >>> 2 : head;
    const seconds = sizeBytes === 8 ? 0n : this.#view.getBigInt64(start + 4);
    const instant = instantOf(seconds * BigInt(NANOSECONDS_OF_A_SECOND) + BigInt(nanoseconds), "nanosecond");
    if (nanoseconds >= NANOSECONDS_OF_A_SECOND || Number.isNaN(instant)) this.#fail("a timestamp is not a valid date");
    const finer = nanoseconds % NANOSECONDS_OF_A_MILLISECOND;
    if (finer > 0) this.#setUint32(start, sizeBytes === 8 ? head - 4 * finer : head - finer);
  }

  #setUint32(at: number, value: number): void {
    this.rounded ??= new Uint8Array(this.#bytes);
    new DataView(this.rounded.buffer, this.rounded.byteOffset).setUint32(at, value);
  }

  /** Reads an unsigned number of the given width. */
  #take(sizeBytes: number): number {
    const at = this.#at;
    this.#skip(sizeBytes);
    if (sizeBytes === 1) return this.#bytes[at] ?? 0;
    return sizeBytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(sizeBytes: number): void {
    this.#at += sizeBytes;
    if (this.#at > this.#bytes.length) this.#fail("they are cut off");
  }

  #fail(problem: string): never {
    throw new DecodeError("msgpack", problem);
  }

  #exceed(limit: "maxDepth" | "maxNodes"): never {
    throw new DecodeLimitError("msgpack", limit, this.#limits[limit]);
  }
}

const PROTO = new TextEncoder().encode("__proto__");
