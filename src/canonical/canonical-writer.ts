/** Tag bytes of scheme `persistable/1`: see spec/address.md. */
export const TAG = {
  undefined: 0x75, // u
  null: 0x6e, // n
  true: 0x74, // t
  false: 0x66, // f
  number: 0x64, // d
  bigint: 0x69, // i
  string: 0x73, // s
  illFormedString: 0x77, // w
  array: 0x61, // a
  hole: 0x68, // h
  object: 0x6f, // o
  date: 0x44, // D
  map: 0x6d, // m
  set: 0x53, // S
  regExp: 0x72, // r
  url: 0x55, // U
  binary: 0x62, // b
  binaryDigest: 0x78, // x
  instance: 0x63, // c
} as const;

const FIRST_BYTES = 4096;
/** The writer drops a buffer that grew beyond this for one giant value. */
const KEEP_BYTES = 1024 * 1024;
/**
 * The limit is for the written bytes: a shared object is written at each place, so a value that
 * fits in memory may not fit when it is written.
 */
export const MAX_CANONICAL_BYTES = 1024 * 1024 * 1024;

const textEncoder = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));

export class CanonicalOverflow extends RangeError {
  constructor(maxBytes: number) {
    super(`canonical bytes exceed ${maxBytes}`);
  }
}

/** Writes canonical bytes into one growing buffer. */
export class CanonicalWriter {
  bytes = new Uint8Array(FIRST_BYTES);
  length = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = MAX_CANONICAL_BYTES) {
    this.#maxBytes = maxBytes;
  }

  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Returns a copy of the written bytes. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** Returns a copy of the bytes from `start` to `end`. */
  slice(start: number, end = this.length): Uint8Array {
    return this.bytes.slice(start, end);
  }

  /** Discards everything from `start` on. */
  cutAt(start: number): void {
    this.length = start;
  }

  tag(tag: number): void {
    this.#reserve(1);
    this.bytes[this.length++] = tag;
  }

  /**
   * Writes a count or a length, which is below 2^53, as unsigned LEB128 in as few bytes as
   * possible.
   */
  count(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  /** Writes IEEE 754, big-endian; all NaNs are the same. */
  double(value: number): void {
    this.#reserve(8);
    scratch.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
    if (Number.isNaN(value)) scratch.setBigUint64(0, 0x7ff8000000000000n);
    for (let i = 0; i < 8; i++) this.bytes[this.length++] = scratch.getUint8(i);
  }

  /**
   * Writes tag, length in bytes, UTF-8; text with lone surrogates, which UTF-8 cannot hold, is
   * written as tag, length in bytes, UTF-16BE.
   */
  string(text: string): void {
    if (!text.isWellFormed()) {
      this.#illFormed(text);
      return;
    }
    this.tag(TAG.string);
    this.utf8(text);
  }

  /** Writes the length in bytes, then UTF-8. */
  utf8(text: string): void {
    const utf8 = text.length < 64 && isAscii(text) ? undefined : textEncoder.encode(text);
    if (utf8 !== undefined) {
      this.count(utf8.length);
      this.raw(utf8);
      return;
    }
    this.count(text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  #illFormed(text: string): void {
    this.tag(TAG.illFormedString);
    this.count(text.length * 2);
    this.#reserve(text.length * 2);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      this.bytes[this.length++] = unit >> 8;
      this.bytes[this.length++] = unit & 0xff;
    }
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /**
   * Sorts the pieces that begin at `starts` by their bytes; the last one ends at the end of the
   * buffer.
   */
  sortPieces(starts: readonly number[]): void {
    if (this.#areSorted(starts)) return;
    const pieces = starts.map((start, i) => this.bytes.slice(start, starts[i + 1] ?? this.length)).sort(compareBytes);
    let at = starts[0] ?? this.length;
    for (const piece of pieces) {
      this.bytes.set(piece, at);
      at += piece.length;
    }
  }

  #areSorted(starts: readonly number[]): boolean {
    const piece = (i: number): Uint8Array => this.bytes.subarray(starts[i], starts[i + 1] ?? this.length);
    return starts.every((_, i) => i === 0 || compareBytes(piece(i - 1), piece(i)) <= 0);
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    if (needed > this.#maxBytes) throw new CanonicalOverflow(this.#maxBytes);
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** Compares byte by byte; a prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
