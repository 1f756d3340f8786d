import { ADDRESS_SCHEME } from "../address/address-of.ts";
import type { JsonValue } from "../canonical/tagged-json.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { plainLines } from "../util/plain-lines.ts";
import {
  asBuffer,
  CHECKSUM_DIGITS,
  CHECKSUM_HEAD,
  COVERED_START,
  END,
  headAfterChecksum,
  INLINE_KEY,
  inlineLineAfter,
} from "./layout.ts";
import { RECORD_VERSION, type RecordedPayload } from "./record.ts";

/** The bytes of a record. The members of `body` follow checksum, address and format. */
export function layOutRecord(
  address: string,
  format: string,
  body: { readonly [key: string]: JsonValue },
  inlineText: string | undefined,
): Uint8Array {
  const members = JSON.stringify(body, undefined, 2).slice(1, -2);
  const inline = inlineText === undefined ? "" : `,${INLINE_KEY}${inlineText}`;
  const covered = `${headAfterChecksum(address, format)}${members}${inline}${END}`;
  const encoder = new TextEncoder();
  const bytes = encoder.encode(`${CHECKSUM_HEAD}${"0".repeat(CHECKSUM_DIGITS)}${covered}`);
  encoder.encodeInto(sha256Hex(bytes.subarray(COVERED_START)), bytes.subarray(CHECKSUM_HEAD.length));
  return bytes;
}

/** The member `payload` of a record, in the order in which {@link findPayloadFile} looks for it. */
export function payloadMember(payload: RecordedPayload): JsonValue {
  const { file, sizeBytes, digest, chunks, contents } = payload;
  return {
    ...(file === undefined ? {} : { file }),
    sizeBytes,
    digest,
    ...(chunks === undefined ? {} : { chunks: Buffer.from(chunks).toString("base64url") }),
    ...(contents === undefined ? {} : { contents: { ...contents } }),
  };
}

const PAYLOAD_FILE =
  /^ {2}"payload": \{\n {4}"file": "([^"]+)"(?:,\n {4}"sizeBytes": (\d+),\n {4}"digest": "([^"]+)")?/m;

/** The payload file that a record names, as far as its text can be read: it may be damaged. */
export interface NamedFile {
  readonly file: string;
  /** Size and digest are both `undefined` if they are not at the place where a record has them. */
  readonly sizeBytes: number | undefined;
  readonly digest: string | undefined;
}

/** Returns `undefined` if the payload is inside the record. */
export function findPayloadFile(record: Uint8Array): NamedFile | undefined {
  const [, file, sizeBytes, digest] = PAYLOAD_FILE.exec(new TextDecoder().decode(plainLines(record))) ?? [];
  if (file === undefined) return undefined;
  return { file, sizeBytes: sizeBytes === undefined ? undefined : Number(sizeBytes), digest };
}

/**
 * Whether a record may refer to this payload file. The name of a payload file is unique, so a text
 * that contains the name counts as a reference, even if the record is damaged or reformatted.
 */
export function mentionsFile(record: Uint8Array, file: string): boolean {
  return asBuffer(record).includes(`"${file}"`);
}

/** The line of an inline payload, unverified. */
export function findInlineLine(record: Uint8Array): Uint8Array | undefined {
  return inlineLineAfter(plainLines(record), 0);
}

/** The version that a record states, as far as its first lines can be read. */
export function findVersion(record: Uint8Array): number | undefined {
  const head = new TextDecoder("latin1").decode(record.subarray(0, HEAD_BYTES));
  const version = /^ {2}"record": (\d{1,9})\b/m.exec(head)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** The first bytes of a record, which hold its checksum, address, format and version. */
const HEAD_BYTES = 4096;

/** Whether a record is exactly as it was written. */
export function isIntact(record: Uint8Array): boolean {
  const head = asBuffer(record).toString("latin1", 0, COVERED_START);
  return (
    head.startsWith(CHECKSUM_HEAD) && head.slice(CHECKSUM_HEAD.length) === sha256Hex(record.subarray(COVERED_START))
  );
}

/**
 * Whether a record whose checksum is wrong is a record of this version in which only the version
 * was damaged: with this version in its place, the checksum is right.
 */
export function isDamagedVersion(record: Uint8Array): boolean {
  const text = asBuffer(record)
    .toString("latin1")
    .replace(/^ {2}"record": .*$/m, `  "record": ${RECORD_VERSION},`)
    .replace(/^ {2}"scheme": .*$/m, `  "scheme": ${JSON.stringify(ADDRESS_SCHEME)},`);
  return isIntact(Buffer.from(text, "latin1"));
}

/**
 * Whether these values are those of a record as it was written. If so, and if the text differs all
 * the same, an editor or a formatter has rewritten the text.
 *
 * @param fields - every member, in the order of the text
 */
export function isReformatted(fields: Readonly<Record<string, unknown>>): boolean {
  const { inline, ...others } = fields;
  const text = JSON.stringify(others, undefined, 2);
  const line = inline === undefined ? "" : `,${INLINE_KEY}${JSON.stringify(inline)}`;
  return isIntact(new TextEncoder().encode(`${text.slice(0, -2)}${line}${END}`));
}
