import { DecodeLimitError } from "../errors/format-errors.ts";
import type { DecodeLimits } from "./format.ts";
import { INLINE, INSTANCE, WHOLE_BUFFER } from "./structured-wire.ts";

/** The versions of V8's serialization whose layout is known here; a newer one is measured by V8 alone. */
const KNOWN_VERSIONS = [13, 14, 15];

/** Up to this length V8 reserves memory for an array at once, however few elements it has. */
export const RESERVED_LENGTH = 32 * 1024 * 1024;

/**
 * Throws where a body nests deeper, or holds more values, than the limits allow, before V8 builds anything: nine bytes can make it reserve 383 MB. Anything
 * that is not understood ends the measuring, and is left to V8 to refuse.
 *
 * @returns where the values end; `undefined` where they were not understood
 *
 * @throws {@link DecodeLimitError}
 */
export function measureStructured(body: Uint8Array, limits: DecodeLimits): number | undefined {
  return KNOWN_VERSIONS.includes(body[1] ?? 0) ? new Measurer(body, limits).measure() : undefined;
}

// What follows V8's tags.
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

/** Tags by what follows them, in the order of the numbers above. Others are not among what we write. */
const TAGS = ["-_0TFyxs\0", "IU^?", "NDn", 'S"cB', "Zz", "o;'", "A", "a", "{:,", "@$", "\\", "R"];

const followers = new Uint8Array(256);
for (const [i, tags] of TAGS.entries()) for (const tag of tags) followers[tag.charCodeAt(0)] = i + 1;

const PADDING = 0;
const STRING_OBJECT = 0x73;

class Measurer {
  readonly #body: Uint8Array;
  readonly #limits: DecodeLimits;
  #at = 2;
  #depth = 0;
  /** Keys included. */
  #nodes = 0;
  /** Elements that arrays may have. */
  #reserved = 0;
  #buffers = 0;

  constructor(body: Uint8Array, limits: DecodeLimits) {
    this.#body = body;
    this.#limits = limits;
  }

  measure(): number | undefined {
    for (let left = this.#readVarint(); left > 0; left--) if (!this.#measureValue()) return undefined;
    for (let left = this.#readVarint(); left > 0; left--) {
      this.#readVarint();
      if (!this.#measureValue()) return undefined;
    }
    return this.#measureValue() ? this.#at : undefined;
  }

  /** False where it is not understood, or ends. */
  #measureValue(): boolean {
    const before = this.#depth;
    for (let tag = this.#body[this.#at++]; tag !== undefined; tag = this.#body[this.#at++]) {
      if (!this.#skip(tag)) return false;
      this.#assertAtMost("maxNodes", this.#nodes);
      if (this.#depth === before && tag !== PADDING && tag !== STRING_OBJECT) return true;
    }
    return false;
  }

  #skip(tag: number): boolean {
    this.#nodes += 1;
    switch (followers[tag]) {
      case NOTHING:
        return true;
      case VARINT:
        this.#readVarint();
        return true;
      case DOUBLE:
        this.#skipBytes(8);
        return true;
      case BYTES:
        this.#skipBytes(this.#readVarint());
        return true;
      case BIG_INT:
        this.#skipBytes(this.#readVarint() >>> 1);
        return true;
      case MEMBERS:
        this.#enter();
        return true;
      case SPARSE_ELEMENTS:
        this.#reserve(this.#readVarint());
        this.#enter();
        return true;
      case ELEMENTS:
        this.#readVarint();
        this.#enter();
        return true;
      case TWO_SIZES:
        this.#readVarint();
        this.#leave();
        return true;
      case SIZE:
        this.#leave();
        return true;
      case HOST_OBJECT:
        this.#skipHostObject();
        return true;
      case REG_EXP:
        this.#skipRegExp();
        return true;
      default:
        return false;
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

  /** Sizes beyond 32 bits only follow arrays, and are not looked at. */
  #readVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#body[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}
