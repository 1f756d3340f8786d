/** Levels that are the same this often or more are written as one run. */
const SHORTEST_RUN = 8;
/** Other levels are packed in groups of eight. */
const GROUP = 8;

/**
 * Encodes the levels of a page, which say where lists begin and which are null, in runs and in
 * packed groups ("RLE / bit-packing hybrid").
 *
 * @param bitWidth - the bits that the greatest level takes: 1 or 2
 */
export function encodeLevels(levels: Uint8Array, bitWidth: number): Uint8Array {
  const bytes: number[] = [];
  let packedFrom = 0;
  let at = 0;
  while (at < levels.length) {
    const length = runLength(levels, at);
    if (length < SHORTEST_RUN) {
      at += GROUP;
      continue;
    }
    pack(levels.subarray(packedFrom, at), bitWidth, bytes);
    appendVarint(bytes, length * 2);
    bytes.push(levels[at] ?? 0);
    at += length;
    packedFrom = at;
  }
  pack(levels.subarray(packedFrom), bitWidth, bytes);
  return Uint8Array.from(bytes);
}

function runLength(levels: Uint8Array, start: number): number {
  const level = levels[start];
  let end = start + 1;
  while (end < levels.length && levels[end] === level) end++;
  return end - start;
}

/** Appends groups of eight levels, the last of which is filled up with zeros. */
function pack(levels: Uint8Array, bitWidth: number, bytes: number[]): void {
  const groups = Math.ceil(levels.length / GROUP);
  if (groups === 0) return;
  appendVarint(bytes, groups * 2 + 1);
  for (let start = 0; start < groups * GROUP; start += GROUP) {
    let bits = 0;
    for (let i = 0; i < GROUP; i++) bits |= (levels[start + i] ?? 0) << (i * bitWidth);
    for (let i = 0; i < bitWidth; i++) bytes.push((bits >> (8 * i)) & 0xff);
  }
}

function appendVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}
