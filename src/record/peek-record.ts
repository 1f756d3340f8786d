import type { Address } from "../address/address.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { CHECKSUM_HEAD, COVERED_START, INLINE_MARK, recordHead, VERSION_LINES } from "./record-layout.ts";

/**
 * The inline payload of a record of this version whose checksum is right and whose address and
 * format are the expected ones, found without parsing. `undefined` says only that this shortcut
 * does not apply; the record may be perfectly good, of another kind, or damaged.
 */
export function peekInline(record: Uint8Array, address: Address, format: string): Uint8Array | undefined {
  const bytes = Buffer.isBuffer(record) ? record : Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const head = `${recordHead(address, format)}${VERSION_LINES}`;
  const headEnd = COVERED_START + head.length;
  const mark = bytes.indexOf(INLINE_MARK, headEnd);
  if (mark === -1) return undefined;
  // All that precedes the parts nobody expects anything of, as one text: a record of another address or format differs as a damaged one does.
  const expected = `${CHECKSUM_HEAD}${sha256Hex(bytes.subarray(COVERED_START))}${head}`;
  if (bytes.toString("latin1", 0, headEnd) !== expected) return undefined;
  return bytes.subarray(mark + INLINE_MARK.length, bytes.length - 3);
}
