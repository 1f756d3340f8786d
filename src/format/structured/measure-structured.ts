import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { INLINE, INSTANCE, WHOLE_BUFFER } from "./structured-wire.ts";

/**
 * The versions of V8's serialization whose layout this module knows. A newer one is not measured.
 */
const KNOWN_VERSIONS = [13, 14, 15];

/** V8 reserves memory at once for an array of up to this length, however few elements it has. */
export const RESERVED_LENGTH = 32 * 1024 * 1024;

/**
 * Throws if a body nests deeper or holds more values than the limits allow, before V8 builds
 * anything: nine bytes can make V8 reserve 383 MB. It also refuses tags that the format never
 * writes. V8 accepts some of them, and the bytes that follow such a tag could not be measured.
 *
 * @returns the offset at which the values end; `undefined` for a version of V8's serialization
 * whose layout this module does not know
 * @throws {@link DecodeError} for bytes that the format does not write; {@link DecodeLimitError}
 */
export function measureStructured(body: Uint8Array, limits: DecodeLimits): number | undefined {
  return KNOWN_VERSIONS.includes(body[1] ?? 0) ? new Measurer(body, limits).measure() : undefined;
}

// The kinds of data that can follow one of V8's tags.
const NOTHING = 1;
const VARINT = 2;
const DOUBLE = 3;
const BYTES = 4;
const BIG_INT = 5;
const MEMBERS = 6;
const ELEMENTS = 7;
const SPARSE_ELEMENTS = 8;
const SIZE = 9;
const TWO_SIZES = 10;
const HOST_OBJECT = 11;
const REG_EXP = 12;

/**
 * V8's tags. Each text has the tags that are followed by one kind of data, in the order of the
 * numbers above. The format does not write any other tag, such as those of `new Boolean(true)` and
 * other objects around a plain value.
 */
const TAGS = ["-_0TF\0", "IU^", "ND", 'S"cB', "Z", "o;'", "A", "a", "{:,", "@$", "\\", "R"];

const followers = new Uint8Array(256);
for (const [i, tags] of TAGS.entries()) for (const tag of tags) followers[tag.charCodeAt(0)] = i + 1;

const PADDING = 0;

class Measurer {
  readonly #body: Uint8Array;
  readonly #limits: DecodeLimits;
  #at = 2;
  #depth = 0;
  /** The number of values so far. The keys of objects and maps count too. */
  #nodes = 0;
  /** The sum of the lengths for which V8 reserves memory. */
  #reserved = 0;
  #buffers = 0;

  constructor(body: Uint8Array, limits: DecodeLimits) {
    this.#body = body;
    this.#limits = limits;
  }

  measure(): number {
    for (let left = this.#readVarint(); left > 0; left--) this.#measureValue();
    for (let left = this.#readVarint(); left > 0; left--) {
      this.#readVarint();
      this.#measureValue();
    }
    this.#measureValue();
    return this.#at;
  }

  #measureValue(): void {
    for (let tag = this.#body[this.#at++]; tag !== undefined; tag = this.#body[this.#at++]) {
      this.#skip(tag);
      this.#assertAtMost("maxNodes", this.#nodes);
      if (this.#depth < 0) throw new DecodeError("structured", "a container in them ends before it begins");
      if (this.#depth === 0 && tag !== PADDING) return;
    }
    throw new DecodeError("structured", "their body is cut off");
  }

  #skip(tag: number): void {
    this.#nodes += 1;
    switch (followers[tag]) {
      case NOTHING:
        return;
      case VARINT:
        this.#readVarint();
        return;
      case DOUBLE:
        this.#skipBytes(8);
        return;
      case BYTES:
        this.#skipBytes(this.#readVarint());
        return;
      case BIG_INT:
        this.#skipBytes(this.#readVarint() >>> 1);
        return;
      case MEMBERS:
        this.#enter();
        return;
      case SPARSE_ELEMENTS:
        this.#reserve(this.#readVarint());
        this.#enter();
        return;
      case ELEMENTS:
        this.#readVarint();
        this.#enter();
        return;
      case TWO_SIZES:
        this.#readVarint();
        this.#leave();
        return;
      case SIZE:
        this.#leave();
        return;
      case HOST_OBJECT:
        this.#skipHostObject();
        return;
      case REG_EXP:
        this.#skipRegExp();
        return;
      default:
        throw new DecodeError("structured", `their body has a tag that the format does not write (${tag})`);
    }
  }

  #enter(): void {
    this.#depth += 1;
    this.#assertAtMost("maxDepth", this.#depth);
  }

  #leave(): void {
    this.#readVarint();
    this.#depth -= 1;
    this.#nodes -= 1;
  }

  #reserve(length: number): void {
    if (length <= RESERVED_LENGTH) this.#reserved += length;
    this.#assertAtMost("maxNodes", this.#reserved);
  }

  #assertAtMost(limit: "maxDepth" | "maxNodes", count: number): void {
    const allowed = this.#limits[limit];
    if (count > allowed) throw new DecodeLimitError("structured", limit, allowed);
  }

  #skipRegExp(): void {
    if (this.#body[this.#at] === PADDING) this.#at += 1;
    this.#skipBytes(1);
    this.#skipBytes(this.#readVarint());
    this.#readVarint();
  }

  #skipHostObject(): void {
    const kind = this.#readVarint();
    const number = this.#readVarint();
    if (kind === INSTANCE) return;
    if (number === this.#buffers) {
      this.#buffers += 1;
      if (this.#readVarint() === INLINE) this.#skipBytes(this.#readVarint());
    }
    if (kind === WHOLE_BUFFER) return;
    this.#readVarint();
    this.#readVarint();
  }

  #skipBytes(count: number): void {
    this.#at += count;
  }

  /**
   * Reads a number of up to 32 bits. Larger ones occur only as sizes of views, which are not used
   * here.
   */
  #readVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#body[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}
