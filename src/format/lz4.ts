/** The number with which a frame of LZ4 begins. */
const MAGIC = 0x184d2204;
const SKIPPED_BYTES = 4;
/** The bit of a block's size that says that the block is not compressed. */
const STORED = 0x80000000;

/**
 * Decompresses a block of LZ4 into `output`, from `start` on. What lies before `start` may be
 * repeated. Returns the end of what was written.
 *
 * Format: lz4_Block_format.md of the LZ4 project.
 *
 * @throws Error if the block is damaged, or longer than the output
 */
export function expandLz4Block(input: Uint8Array, output: Uint8Array, start: number): number {
  const cursor = { at: 0 };
  let to = start;
  while (cursor.at < input.length) {
    const token = byteAt(input, cursor);
    const literals = lengthOf(token >> 4, input, cursor);
    if (cursor.at + literals > input.length || to + literals > output.length) fail();
    output.set(input.subarray(cursor.at, cursor.at + literals), to);
    cursor.at += literals;
    to += literals;
    // The last sequence of a block has no repetition.
    if (cursor.at === input.length) break;
    const distance = byteAt(input, cursor) | (byteAt(input, cursor) << 8);
    const length = lengthOf(token & 15, input, cursor) + 4;
    if (distance === 0 || distance > to || to + length > output.length) fail();
    if (distance >= length) output.copyWithin(to, to - distance, to - distance + length);
    else for (let i = to; i < to + length; i++) output[i] = output[i - distance] ?? 0;
    to += length;
  }
  return to;
}

/**
 * Decompresses frames of LZ4 to `sizeBytes` bytes. The checksums in them are not compared, since
 * payloads have a digest.
 *
 * Format: lz4_Frame_format.md of the LZ4 project.
 *
 * @throws Error if the frames are damaged, or have another size
 */
export function expandLz4Frames(input: Uint8Array, sizeBytes: number): Uint8Array {
  const output = new Uint8Array(sizeBytes);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let to = 0;
  for (let at = 0; at < input.length; ) {
    if (view.getUint32(at, true) !== MAGIC) fail();
    const flags = view.getUint8(at + 4);
    const hasSize = (flags & 8) !== 0;
    const hasDictionary = (flags & 1) !== 0;
    // The version of the format is in the highest two bits. Files of Arrow never use a dictionary.
    if (flags >> 6 !== 1 || hasDictionary) fail();
    at += 7 + (hasSize ? 8 : 0);
    for (;;) {
      const size = view.getUint32(at, true);
      at += 4;
      if (size === 0) break;
      const end = at + (size % STORED);
      if (end > input.length) fail();
      const block = input.subarray(at, end);
      if (size < STORED) to = expandLz4Block(block, output, to);
      else {
        output.set(block, to);
        to += block.length;
      }
      at = end + ((flags & 16) === 0 ? 0 : SKIPPED_BYTES);
    }
    if ((flags & 4) !== 0) at += SKIPPED_BYTES;
  }
  return to === sizeBytes ? output : fail();
}

/**
 * Decompresses blocks in the framing of Hadoop, which puts the size and the compressed size before
 * each block. Returns `undefined` for bytes that are not framed like this.
 */
export function expandLz4Hadoop(input: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  const output = new Uint8Array(sizeBytes);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let to = 0;
  for (let at = 0; at < input.length; ) {
    if (at + 8 > input.length) return undefined;
    const end = to + view.getUint32(at);
    const next = at + 8 + view.getUint32(at + 4);
    if (next > input.length || end > sizeBytes) return undefined;
    if (expandLz4Block(input.subarray(at + 8, next), output, to) !== end) fail();
    to = end;
    at = next;
  }
  return to === sizeBytes ? output : undefined;
}

function lengthOf(first: number, input: Uint8Array, cursor: { at: number }): number {
  let length = first;
  if (first < 15) return length;
  for (;;) {
    const byte = byteAt(input, cursor);
    length += byte;
    if (byte < 255) return length;
  }
}

function byteAt(input: Uint8Array, cursor: { at: number }): number {
  return input[cursor.at++] ?? fail();
}

function fail(): never {
  throw new Error("the LZ4 data is damaged");
}
