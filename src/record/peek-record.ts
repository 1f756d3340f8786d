import type { Address } from "../address/address.ts";
import { sha256Hex } from "../util/sha256.ts";
import { CHECKSUM_HEAD, COVERED_START, INLINE_MARK, recordHead } from "./encode-record.ts";

/** The head that a record of this address and format begins with, encoded once per persistable. */
export function expectedHead(address: Address, format: string): Uint8Array {
  return Buffer.from(recordHead(address, format), "latin1");
}

/**
 * The inline payload of a record whose checksum is right and whose address and format are the expected ones, found without parsing.
 * `undefined` says only that this shortcut does not apply; the record may be perfectly good, of another kind, or damaged.
 */
export function peekInline(record: Uint8Array, head: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.isBuffer(record) ? record : Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const headEnd = COVERED_START + head.length;
  if (bytes.length < headEnd || bytes.compare(head, 0, head.length, COVERED_START, headEnd) !== 0) return undefined;
  const mark = bytes.indexOf(INLINE_MARK, headEnd);
  if (mark === -1) return undefined;
  if (sha256Hex(bytes.subarray(COVERED_START)) !== bytes.toString("latin1", CHECKSUM_HEAD.length, COVERED_START)) return undefined;
  return bytes.subarray(mark + INLINE_MARK.length, bytes.length - 3);
}
