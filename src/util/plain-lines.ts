/**
 * Removes a byte order mark and turns CR LF into LF; other bytes stay as they are. Git and editors
 * make these changes to files that they take for text. The result is what was written only if that
 * was JSON whose lines end in LF: inside strings JSON escapes line ends, so that no string is
 * changed.
 */
export function plainLines(bytes: Uint8Array): Uint8Array {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (start === 0 && bytes.indexOf(CR) === -1) return bytes;
  const plain = new Uint8Array(bytes.length - start);
  let length = 0;
  for (let i = start; i < bytes.length; i++) {
    if (bytes[i] === CR && bytes[i + 1] === LF) continue;
    plain[length++] = bytes[i] as number;
  }
  return plain.subarray(0, length);
}

const CR = 0x0d;
const LF = 0x0a;
