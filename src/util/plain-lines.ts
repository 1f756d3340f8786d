/**
 * Text as it was written, where a tool has only put a byte order mark before it or turned its line
 * ends into CR LF; anything else as it is. Git does that to files that it takes for text. For JSON
 * that holds no line end of its own, which escapes those inside of strings.
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
