import { DecodeError } from "../../errors/format-errors.ts";
import { type Budget, copyAligned } from "../decode-budget.ts";

/** Values of a column in Parquet's physical types. Those that are bytes are views of the page. */
export type PhysicalValues = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array | Uint8Array[];

/** Parquet's numbers for its physical types. */
export const PHYSICAL = {
  boolean: 0,
  int32: 1,
  int64: 2,
  int96: 3,
  float: 4,
  double: 5,
  bytes: 6,
  fixedBytes: 7,
} as const;

/** The physical type of a column. */
export interface PhysicalType {
  readonly type: number;
  /** The bytes of one value, if the type is `fixedBytes`. */
  readonly length: number;
}

/** Decodes `count` values that lie one after the other. Booleans become 0 and 1. */
export function decodePlain(bytes: Uint8Array, { type, length }: PhysicalType, count: number): PhysicalValues {
  const take = (size: number): Uint8Array => bytes.subarray(0, checkedSize(bytes, count * size));
  switch (type) {
    case PHYSICAL.boolean:
      return decodeBits(bytes, 1, count);
    case PHYSICAL.int32:
      return copyAligned(take(4), Int32Array);
    case PHYSICAL.int64:
      return copyAligned(take(8), BigInt64Array);
    case PHYSICAL.float:
      return copyAligned(take(4), Float32Array);
    case PHYSICAL.double:
      return copyAligned(take(8), Float64Array);
    case PHYSICAL.int96:
      return cutFixed(take(12), 12);
    case PHYSICAL.fixedBytes:
      return cutFixed(take(checkedLength(length)), length);
    case PHYSICAL.bytes:
      return cutPrefixed(bytes, count);
    default:
      return fail(`a column has the unknown type ${type}`);
  }
}

function cutFixed(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

function cutPrefixed(bytes: Uint8Array, count: number): Uint8Array[] {
  checkedSize(bytes, count * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Uint8Array[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 4 > bytes.length) fail("a page is cut off");
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.length) fail("a page is cut off");
    values.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return values;
}

/**
 * Decodes values that were split: first the first byte of each value, then the second of each, and
 * so on.
 */
export function decodeByteStreamSplit(bytes: Uint8Array, physical: PhysicalType, count: number): PhysicalValues {
  const { int32, float, int64, double, fixedBytes } = PHYSICAL;
  const four: readonly number[] = [int32, float];
  const eight: readonly number[] = [int64, double];
  const { type } = physical;
  const width = four.includes(type) ? 4 : eight.includes(type) ? 8 : type === fixedBytes ? physical.length : 0;
  if (width === 0) fail(`a column of type ${type} is in an encoding that is not for it`);
  checkedSize(bytes, count * checkedLength(width));
  const joined = new Uint8Array(count * width);
  for (let part = 0; part < width; part++)
    for (let i = 0; i < count; i++) joined[i * width + part] = bytes[part * count + i] ?? 0;
  return decodePlain(joined, physical, count);
}

/**
 * Decodes RLE/bit-packing: runs of one number alternate with numbers that are packed into
 * `bitWidth` bits each.
 */
export function decodeHybrid(bytes: Uint8Array, bitWidth: 1, count: number): Uint8Array;
export function decodeHybrid(bytes: Uint8Array, bitWidth: number, count: number): Int32Array | Uint8Array;
export function decodeHybrid(bytes: Uint8Array, bitWidth: number, count: number): Int32Array | Uint8Array {
  if (bitWidth > 32) fail("numbers are packed into more than 32 bits");
  const values = bitWidth > 8 ? new Int32Array(count) : new Uint8Array(count);
  const cursor = { at: 0 };
  for (let done = 0; done < count; ) {
    const head = readVarint(bytes, cursor);
    const size = Math.floor(head / 2);
    if (head % 2 === 1) {
      const length = Math.min(size * 8, count - done);
      const packed = decodeBits(bytes.subarray(cursor.at), bitWidth, length);
      values.set(packed, done);
      cursor.at += size * bitWidth;
      done += length;
    } else {
      let value = 0;
      for (let shift = 0; shift < bitWidth; shift += 8) value |= (bytes[cursor.at++] ?? 0) << shift;
      if (cursor.at > bytes.length) fail("a page is cut off");
      if (value >>> 0 >= 2 ** bitWidth) fail("a number has more bits than it may");
      values.fill(value, done, Math.min(done + size, count));
      done += size;
    }
  }
  return values;
}

/** Decodes numbers of `bitWidth` bits each, the lowest bits first. */
function decodeBits(bytes: Uint8Array, bitWidth: number, count: number): Int32Array | Uint8Array {
  checkedSize(bytes, Math.ceil((count * bitWidth) / 8));
  const values = bitWidth > 8 ? new Int32Array(count) : new Uint8Array(count);
  if (bitWidth === 0) return values;
  let buffer = 0;
  let filled = 0;
  if (bitWidth <= 24) {
    const mask = 2 ** bitWidth - 1;
    for (let i = 0, at = 0; i < count; i++) {
      for (; filled < bitWidth; filled += 8) buffer |= (bytes[at++] ?? 0) << filled;
      values[i] = buffer & mask;
      buffer >>>= bitWidth;
      filled -= bitWidth;
    }
    return values;
  }
  const range = 2 ** bitWidth;
  for (let i = 0, at = 0; i < count; i++) {
    // The buffer has at most 39 bits, which a number holds exactly.
    for (; filled < bitWidth; filled += 8) buffer += (bytes[at++] ?? 0) * 2 ** filled;
    values[i] = buffer % range;
    buffer = Math.floor(buffer / range);
    filled -= bitWidth;
  }
  return values;
}

/**
 * Decodes a first number and the differences of the others, in blocks of as many bits as they need.
 * Also returns how many bytes they took.
 */
export function decodeDelta(bytes: Uint8Array, count: number): { values: BigInt64Array; sizeBytes: number } {
  const cursor = { at: 0 };
  const blockSize = readVarint(bytes, cursor);
  const miniblocks = readVarint(bytes, cursor);
  const total = readVarint(bytes, cursor);
  const size = blockSize / miniblocks;
  const isSound = miniblocks >= 1 && miniblocks <= 1024 && size % 8 === 0 && size >= 8 && size <= 2 ** 20;
  if (!isSound || total !== count) fail("a block of numbers is damaged");
  const values = new BigInt64Array(count);
  let value = readZigzag64(bytes, cursor);
  if (count > 0) values[0] = value;
  for (let done = 1; done < count; ) {
    const least = readZigzag64(bytes, cursor);
    const widths = bytes.subarray(cursor.at, cursor.at + miniblocks);
    cursor.at += miniblocks;
    if (cursor.at > bytes.length) fail("a page is cut off");
    for (const width of widths) {
      if (done >= count) break;
      const length = Math.min(size, count - done);
      if (width > 64 || cursor.at + Math.ceil((length * width) / 8) > bytes.length) fail("a page is cut off");
      for (let i = 0; i < length; i++) {
        value = BigInt.asIntN(64, value + least + readBits(bytes, cursor.at * 8 + i * width, width));
        values[done++] = value;
      }
      cursor.at += (size * width) / 8;
    }
  }
  return { values, sizeBytes: Math.min(cursor.at, bytes.length) };
}

/** Decodes byte strings: the lengths of all come first, then the bytes of all. */
export function decodeDeltaLengths(bytes: Uint8Array, count: number): Uint8Array[] {
  const { values: lengths, sizeBytes } = decodeDelta(bytes, count);
  const values: Uint8Array[] = [];
  let at = sizeBytes;
  for (const length of lengths) {
    const end = at + Number(length);
    if (length < 0n || end > bytes.length) fail("a page is cut off");
    values.push(bytes.subarray(at, end));
    at = end;
  }
  return values;
}

/**
 * Decodes byte strings that share a beginning with the one before: first the lengths of these
 * beginnings, then the rest of each. So a page may expand to far more than its size, which the
 * budget bounds.
 */
export function decodeDeltaBytes(bytes: Uint8Array, count: number, budget: Budget): Uint8Array[] {
  const { values: prefixes, sizeBytes } = decodeDelta(bytes, count);
  const suffixes = decodeDeltaLengths(bytes.subarray(sizeBytes), count);
  const values: Uint8Array[] = [];
  let previous = new Uint8Array(0);
  for (const [i, suffix] of suffixes.entries()) {
    const prefix = Number(prefixes[i]);
    if (prefix < 0 || prefix > previous.length) fail("a text begins with more than the text before it has");
    budget.take(prefix + suffix.length);
    const value = new Uint8Array(prefix + suffix.length);
    value.set(previous.subarray(0, prefix));
    value.set(suffix, prefix);
    values.push(value);
    previous = value;
  }
  return values;
}

interface Cursor {
  at: number;
}

function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  return Number(readVarint64(bytes, cursor, 35));
}

function readVarint64(bytes: Uint8Array, cursor: Cursor, maxBits = 70): bigint | number {
  let small = 0;
  let large = 0n;
  for (let shift = 0; shift < maxBits; shift += 7) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) fail("a page is cut off");
    if (shift < 42) small += (byte & 0x7f) * 2 ** shift;
    else large |= BigInt(byte & 0x7f) << BigInt(shift);
    if (byte < 0x80) return shift < 42 ? small : large + BigInt(small);
  }
  return fail("a number has too many bits");
}

function readZigzag64(bytes: Uint8Array, cursor: Cursor): bigint {
  const value = BigInt(readVarint64(bytes, cursor));
  return BigInt.asIntN(64, (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n));
}

function readBits(bytes: Uint8Array, bitStart: number, width: number): bigint {
  if (width <= 40) {
    let value = 0;
    const at = Math.floor(bitStart / 8);
    const shift = bitStart % 8;
    for (let i = 0, bits = 0; bits < width + shift; i++, bits += 8) value += (bytes[at + i] ?? 0) * 2 ** bits;
    return BigInt(Math.floor(value / 2 ** shift) % 2 ** width);
  }
  return readBits(bytes, bitStart, 32) | (readBits(bytes, bitStart + 32, width - 32) << 32n);
}

function checkedSize(bytes: Uint8Array, size: number): number {
  if (size > bytes.length) fail("a page is cut off");
  return size;
}

function checkedLength(length: number): number {
  if (!Number.isSafeInteger(length) || length < 1) fail("a column says no length of its values");
  return length;
}

function fail(problem: string): never {
  throw new DecodeError("parquet", problem);
}
