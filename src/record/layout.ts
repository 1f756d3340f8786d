import { ADDRESS_SCHEME } from "../address/address-of.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { type Making, RECORD_VERSION } from "./record.ts";

/*
 * The text of a record, and what a hit finds in it. Only this file and record-text.ts, which writes
 * the text and finds the rest, know at which place of the text something is. Nothing here needs
 * parsing:
 *
 *   {
 *     "checksum": "sha256:<64 digits>",      over every byte after these digits
 *     "address": …,
 *     "format": …,
 *     "record": 1,
 *     "scheme": …,
 *     …
 *     "payload": {
 *       "file": …,                           missing if the payload is inside the record
 *       "sizeBytes": …,
 *       "digest": …
 *     },
 *     "provenance": {
 *       …
 *       "source": …
 *     },
 *     "inline": <the payload, on this line>
 *   }
 *
 * A raw line break with its indentation cannot occur inside a JSON string, so a mark that begins
 * with one is never part of a value.
 */

export const CHECKSUM_DIGITS = 64;
export const CHECKSUM_HEAD = '{\n  "checksum": "sha256:';
/** The checksum covers the bytes from here on. */
export const COVERED_START = CHECKSUM_HEAD.length + CHECKSUM_DIGITS;

export const INLINE_KEY = '\n  "inline": ';
const INLINE_MARK = new TextEncoder().encode(`,${INLINE_KEY}`);
/** Follows an inline payload. */
export const END = "\n}\n";
const PROVENANCE_MARK = new TextEncoder().encode('\n  "provenance": {');
const PROVENANCE_END = "\n  }";
const SOURCE_MARK = '\n    "source": "';

/** These lines follow the format in a record of this version. */
const VERSION_LINES = `\n  "record": ${RECORD_VERSION},\n  "scheme": ${JSON.stringify(ADDRESS_SCHEME)},`;

/** The parts of a record that a hit needs. */
export interface ExpectedInline {
  /** The line of the payload, in the memory of the record. */
  readonly line: Uint8Array;
  /** The fingerprint of the generator's source. */
  readonly source: string | undefined;
}

/**
 * Returns the line of the inline payload and what stands before it, if the record is of this
 * version, its checksum is right, and its address and format are the expected ones. Returns
 * `undefined` for every other record, which may be good, of another kind, or damaged.
 */
export function findExpectedInline(record: Uint8Array, address: string, format: string): ExpectedInline | undefined {
  const buffer = asBuffer(record);
  const mark = buffer.indexOf(INLINE_MARK, COVERED_START);
  if (mark === -1) return undefined;
  // One text, since each call into Node takes a fifth of a microsecond.
  const text = buffer.toString("latin1", 0, mark);
  // One comparison checks the checksum, the address, the format and the version, since the right
  // value of each is known.
  const head = `${headAfterChecksum(address, format)}${VERSION_LINES}`;
  if (!text.startsWith(`${CHECKSUM_HEAD}${sha256Hex(record.subarray(COVERED_START))}${head}`)) return undefined;
  return { line: record.subarray(mark + INLINE_MARK.length, record.length - END.length), source: sourceIn(text) };
}

function sourceIn(text: string): string | undefined {
  const mark = text.lastIndexOf(SOURCE_MARK);
  if (mark === -1) return undefined;
  const start = mark + SOURCE_MARK.length;
  return text.slice(start, text.indexOf('"', start));
}

/** When the payload was made and at what cost, as a record of this version states it. */
export function findMaking(record: Uint8Array): Making | undefined {
  const bytes = asBuffer(record);
  const mark = bytes.lastIndexOf(PROVENANCE_MARK);
  if (mark === -1) return undefined;
  const start = mark + PROVENANCE_MARK.length - 1;
  const end = bytes.indexOf(PROVENANCE_END, start) + PROVENANCE_END.length;
  const { createdAt, cost }: Making = JSON.parse(bytes.toString("utf8", start, end));
  return { createdAt, ...(cost === undefined ? {} : { cost }) };
}

/** The format of the last record, which the next one mostly has as well. */
let quotedFormat = { id: "", text: '""' };

export function headAfterChecksum(address: string, format: string): string {
  if (format !== quotedFormat.id) quotedFormat = { id: format, text: JSON.stringify(format) };
  return `",\n  "address": "${address}",\n  "format": ${quotedFormat.text},`;
}

export function inlineLineAfter(record: Uint8Array, start: number): Uint8Array | undefined {
  const mark = asBuffer(record).indexOf(INLINE_MARK, start);
  return mark === -1 ? undefined : record.subarray(mark + INLINE_MARK.length, record.length - END.length);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
