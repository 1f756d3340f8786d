import { plainLines } from "../util/plain-lines.ts";
import { decodeInline, type InlineKind } from "./inline-payload.ts";
import { INLINE_MARK } from "./record-layout.ts";

/** The bytes in a line of any kind, as long as `isRight` says that they are the payload's: a format may have changed how it lies inside of records. */
export function findInlineBytes(
  preferred: InlineKind | false,
  line: Uint8Array,
  isRight: (bytes: Uint8Array) => boolean,
): Uint8Array | undefined {
  for (const kind of new Set<InlineKind | false>([preferred, "json", "text", "base64"])) {
    if (kind === false) continue;
    const bytes = tryDecodeInline(kind, line);
    if (bytes !== undefined && isRight(bytes)) return bytes;
  }
  return undefined;
}

function tryDecodeInline(kind: InlineKind, line: Uint8Array): Uint8Array | undefined {
  try {
    return decodeInline(kind, line);
  } catch {
    return undefined;
  }
}

/** The line that holds the payload inside a record, unverified; `undefined` where the payload is a file. */
export function findInline(record: Uint8Array): Uint8Array | undefined {
  const plain = plainLines(record);
  const mark = asBuffer(plain).indexOf(INLINE_MARK);
  return mark === -1 ? undefined : plain.subarray(mark + INLINE_MARK.length, plain.length - 3);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
