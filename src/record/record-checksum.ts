import { ADDRESS_SCHEME } from "../address/address-of.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { RECORD_VERSION } from "./record.ts";
import { CHECKSUM_HEAD, COVERED_START, INLINE_KEY } from "./record-layout.ts";

/** Whether a record's checksum is right. */
export function isIntact(record: Uint8Array): boolean {
  const head = new TextDecoder("latin1").decode(record.subarray(0, COVERED_START));
  return (
    head.startsWith(CHECKSUM_HEAD) && head.slice(CHECKSUM_HEAD.length) === sha256Hex(record.subarray(COVERED_START))
  );
}

/**
 * Whether a record whose checksum is wrong is one of this version in which nothing but what it says
 * of its version was damaged: with the right version in that place, the checksum is right.
 */
export function isDamagedVersion(record: Uint8Array): boolean {
  const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
    .toString("latin1")
    .replace(/^ {2}"record": .*$/m, `  "record": ${RECORD_VERSION},`)
    .replace(/^ {2}"scheme": .*$/m, `  "scheme": ${JSON.stringify(ADDRESS_SCHEME)},`);
  return isIntact(Buffer.from(text, "latin1"));
}

/**
 * Whether these are the values of a record as it was written, although its text is not: then an
 * editor or a formatter has written it in its own way.
 *
 * @param fields - every member, in the order in which they stand in the text
 */
export function isReformatted(fields: Readonly<Record<string, unknown>>): boolean {
  const { inline, ...others } = fields;
  const text = JSON.stringify(others, undefined, 2);
  const line = inline === undefined ? "" : `,${INLINE_KEY}${JSON.stringify(inline)}`;
  return isIntact(new TextEncoder().encode(`${text.slice(0, -2)}${line}\n}\n`));
}
