const LITERAL = 0;
const NEAR = 1;
const FAR = 2;
/** Lengths of literals from here on are in the 1 to 4 bytes after the tag. */
const LONG_LITERAL = 60;
/** No three bytes of Snappy stand for more than 64 bytes. */
const MAX_RATIO = 22;

/**
 * Decompresses a block of Snappy, which says its own size.
 *
 * Format: format_description.txt of the Snappy project.
 *
 * @param maxBytes - the most that the block may hold
 * @throws Error if the block is damaged; one with the code of zlib if it is larger than `maxBytes`
 */
export function expandSnappy(input: Uint8Array, maxBytes: number): Uint8Array {
  const { sizeBytes, start } = readSize(input);
  if (sizeBytes > input.length * MAX_RATIO) fail();
  if (sizeBytes > maxBytes) throw new BlockTooLargeError(`the block holds ${sizeBytes} bytes, more than ${maxBytes}`);
  const output = new Uint8Array(sizeBytes);
  let at = start;
  let to = 0;
  while (at < input.length) {
    const tag = input[at] ?? 0;
    const kind = tag & 3;
    if (kind === LITERAL) {
      const lengthBytes = Math.max(0, (tag >> 2) - LONG_LITERAL + 1);
      const length = lengthBytes === 0 ? (tag >> 2) + 1 : littleEndian(input, at + 1, lengthBytes) + 1;
      at += 1 + lengthBytes;
      if (length > input.length - at || length > sizeBytes - to) fail();
      output.set(input.subarray(at, at + length), to);
      at += length;
      to += length;
      continue;
    }
    const length = kind === NEAR ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const distanceBytes = kind === NEAR ? 1 : kind === FAR ? 2 : 4;
    const low = littleEndian(input, at + 1, distanceBytes);
    const distance = kind === NEAR ? ((tag >> 5) << 8) | low : low;
    at += 1 + distanceBytes;
    if (at > input.length || distance === 0 || distance > to || length > sizeBytes - to) fail();
    // What is repeated may overlap with what is written.
    if (distance >= length) output.copyWithin(to, to - distance, to - distance + length);
    else for (let i = to; i < to + length; i++) output[i] = output[i - distance] ?? 0;
    to += length;
  }
  if (to !== sizeBytes) fail();
  return output;
}

/** Reads the size before the block, whose bytes hold seven bits each. */
function readSize(input: Uint8Array): { readonly sizeBytes: number; readonly start: number } {
  let sizeBytes = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input[i] ?? fail();
    sizeBytes += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { sizeBytes, start: i + 1 };
  }
  return fail();
}

function littleEndian(input: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value += (input[at + i] ?? 0) * 2 ** (8 * i);
  return value;
}

class BlockTooLargeError extends RangeError {
  readonly code = "ERR_BUFFER_TOO_LARGE";
}

function fail(): never {
  throw new Error("a block of Snappy is damaged");
}
