import { ADDRESS_SCHEME } from "../address/address-of.ts";
import { RECORD_VERSION } from "./record.ts";

/** A record begins with this, and 64 digits of sha256 over everything after them. */
export const CHECKSUM_HEAD = '{\n  "checksum": "sha256:';
/** Where the bytes begin that the checksum vouches for. */
export const COVERED_START = CHECKSUM_HEAD.length + 64;
/** On a line of its own. */
export const INLINE_KEY = '\n  "inline": ';
/** What precedes an inline payload; a raw line break with two spaces cannot occur inside JSON strings or nested values. */
export const INLINE_MARK = new TextEncoder().encode(`,${INLINE_KEY}`);

/** What follows that, in each record of this version: see `encodeRecord`. */
export const VERSION_LINES = `\n  "record": ${RECORD_VERSION},\n  "scheme": ${JSON.stringify(ADDRESS_SCHEME)},`;

/** What follows the checksum: a reader who knows the address and the format compares it as it is. */
export function recordHead(address: string, format: string): string {
  return `",\n  "address": "${address}",\n  "format": ${JSON.stringify(format)},`;
}
