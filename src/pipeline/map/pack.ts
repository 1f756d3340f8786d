import type { Address } from "../../address/address.ts";
import type { UndeclaredLoad } from "../../record/record.ts";
import { joined } from "../../util/digest/digest.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { isCount } from "../../util/json/checks.ts";

/**
 * A pack begins with these bytes. It holds many payloads in one object that is written once and
 * never changed; spec/packs.md specifies its layout.
 */
const MAGIC = "PSPACK1\n";
/** A frame consists of the magic bytes, the length of the header, and its sha256. */
export const FRAME_BYTES = MAGIC.length + 4 + 64;
/** A frame that announces a longer header counts as damaged: it must not fill the memory. */
export const MAX_HEADER_BYTES = 256 * 1024 * 1024;
const PACK_VERSION = 1;

/** The position and the digest of one payload in a pack. */
export interface PackItem {
  readonly address: Address;
  /** The distance from the end of the first header, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** sha256 of its bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** The header of a pack: JSON that people can read. */
export interface PackHeader {
  readonly pack: 1;
  readonly name: string;
  /** The address of the map, from its name, its version and the params that all items share. */
  readonly map: Address;
  readonly params: unknown;
  readonly format: string;
  readonly createdAt: string;
  readonly durationMs?: number;
  readonly cost?: Readonly<Record<string, number>>;
  readonly undeclared?: readonly UndeclaredLoad[];
  /**
   * When each item was generated, in milliseconds since the epoch, in the order of the items; 0 if
   * that is not known. Present if packs were put together: `createdAt` is when that was done.
   */
  readonly madeMs?: readonly number[];
  readonly items: readonly PackItem[];
}

/** The part of a header that a reader needs. */
export interface PackIndex extends Pick<PackHeader, "format" | "items"> {
  /** When an item was generated, by its position; 0 if that is not known. */
  readonly madeMs: (position: number) => number;
}

/** The outcome of checking a header. */
export type CheckedPackHeader =
  | { readonly state: "sound"; readonly index: PackIndex }
  | { readonly state: "damaged"; readonly problem: string }
  | { readonly state: "newer"; readonly version: unknown };

/** Computes the positions and digests of payloads that are written one after another. */
export function layOutItems(
  encoded: readonly { readonly address: Address; readonly chunks: readonly Uint8Array[] }[],
): PackItem[] {
  let offset = 0;
  return encoded.map(({ address, chunks }) => {
    const bytes = joined(chunks);
    const item = { address, offset, length: bytes.length, sha256: sha256Hex(bytes) };
    offset += bytes.length;
    return item;
  });
}

/**
 * The bytes of a pack, in order. It has its header twice, so that damage to one copy loses nothing.
 */
export function encodePack(header: PackHeader, payloads: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const json = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
  const frame = new Uint8Array(FRAME_BYTES);
  frame.set(new TextEncoder().encode(MAGIC));
  new DataView(frame.buffer).setUint32(MAGIC.length, json.length, true);
  frame.set(new TextEncoder().encode(sha256Hex(json)), MAGIC.length + 4);
  return [frame, json, ...payloads.flat(), json, frame];
}

/** Whether the header and all payloads of a pack are what was written. */
export function isWholePack(pack: Uint8Array): boolean {
  if (pack.length < FRAME_BYTES) return false;
  const frame = pack.subarray(0, FRAME_BYTES);
  const bodyStart = FRAME_BYTES + headerBytesOf(frame);
  if (bodyStart > pack.length) return false;
  const checked = checkPackHeader(frame, pack.subarray(FRAME_BYTES, bodyStart), pack.length - bodyStart);
  if (checked.state !== "sound") return false;
  const body = pack.subarray(bodyStart);
  return checked.index.items.every(
    ({ offset, length, sha256 }) => sha256Hex(body.subarray(offset, offset + length)) === sha256,
  );
}

/** The length of the header that a frame announces, in bytes. */
export function headerBytesOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(MAGIC.length, true);
}

/**
 * Checks a header against the frame that stands before or after it.
 *
 * @param json - as many bytes as the frame announces; undefined if the file is shorter
 * @param bodyBytes - the number of bytes that the file has for payloads
 */
export function checkPackHeader(frame: Uint8Array, json: Uint8Array | undefined, bodyBytes: number): CheckedPackHeader {
  const magic = latin1(frame.subarray(0, MAGIC.length));
  const claimsNewer = /^PSPACK(?:[2-9]|1\d)/.test(magic);
  const fields = json && (intactFields(frame, json) ?? fieldsOfDamagedVersion(frame, json));
  const version = (fields ?? parseFields(json))?.pack;
  if (typeof version === "number" && version > PACK_VERSION) return { state: "newer", version };
  // The checksum covers all but the digit of the magic bytes. If one bit of that digit is different
  // and all else is right, the digit is damaged and does not announce a newer release.
  if (claimsNewer && !(fields !== undefined && isOneBitAway(magic)))
    return { state: "newer", version: magic.trimEnd() };
  if (json === undefined) return { state: "damaged", problem: "ends before its header does" };
  if (fields === undefined) return { state: "damaged", problem: "has a header that is not what was written" };
  const { format, items } = fields;
  const madeMs = timesOf(fields);
  const known = itemsWithin(items, bodyBytes);
  const isAll = Array.isArray(items) && known.length === items.length && areApart(known);
  if (version !== PACK_VERSION || typeof format !== "string" || !isAll)
    return { state: "damaged", problem: "has a header that names no version, no format or no items within the file" };
  return { state: "sound", index: { format, items: known, madeMs } };
}

/**
 * Finds the items that a damaged header still lists. The caller must not trust them: it verifies
 * each payload by the sha256 of its item, which fails if the position or the sha256 is damaged.
 */
export function salvageIndex(text: Uint8Array, bodyBytes: number): PackIndex | undefined {
  const { format, items } = parseFields(text) ?? {};
  // In a damaged header, the time of an item that is found cannot be known.
  const madeMs = (): number => 0;
  if (typeof format === "string" && Array.isArray(items))
    return { format, items: itemsWithin(items, bodyBytes), madeMs };
  const found = latin1(text);
  const [, name] = /"format":("(?:[^"\\]|\\.)*"),"createdAt":"/.exec(found) ?? [];
  const id = name && parseFields(Buffer.from(`{"format":${name}}`, "latin1"))?.format;
  if (typeof id !== "string") return undefined;
  const entries = found.matchAll(
    /\{"address":"([0-9a-f]{64})","offset":(\d{1,15}),"length":(\d{1,15}),"sha256":"([0-9a-f]{64})"\}/g,
  );
  const listed = Array.from(entries, ([, address, offset, length, sha256]) => ({
    address,
    offset: Number(offset),
    length: Number(length),
    sha256,
  }));
  return { format: id, items: itemsWithin(listed, bodyBytes), madeMs };
}

/** The times of the items of a sound header: one for each, or else the same for all. */
function timesOf({ createdAt, madeMs }: Fields): (position: number) => number {
  if (Array.isArray(madeMs)) return (position) => Number(madeMs[position]) || 0;
  const together = Date.parse(String(createdAt)) || 0;
  return () => together;
}

type Fields = {
  readonly pack?: unknown;
  readonly format?: unknown;
  readonly items?: unknown;
  readonly createdAt?: unknown;
  readonly madeMs?: unknown;
};

function intactFields(frame: Uint8Array, json: Uint8Array): Fields | undefined {
  return latin1(frame.subarray(MAGIC.length + 4, FRAME_BYTES)) === sha256Hex(json) ? parseFields(json) : undefined;
}

/** The fields of a header in which only the version number is damaged; undefined for any other. */
function fieldsOfDamagedVersion(frame: Uint8Array, json: Uint8Array): Fields | undefined {
  const text = latin1(json);
  const repaired = text.replace(/^\{"pack":[^,]{1,20},/, `{"pack":${PACK_VERSION},`);
  return repaired === text ? undefined : intactFields(frame, Buffer.from(repaired, "latin1"));
}

function parseFields(json: Uint8Array | undefined): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    return typeof fields === "object" && fields !== null ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** The entries that are valid items and lie within the file. */
function itemsWithin(items: unknown, bodyBytes: number): PackItem[] {
  return Array.isArray(items) ? items.filter((item) => isItem(item, bodyBytes)) : [];
}

/** Whether no two items overlap. */
function areApart(items: readonly PackItem[]): boolean {
  const sorted = items.toSorted((one, other) => one.offset - other.offset || one.length - other.length);
  return sorted.every(
    ({ offset, length }, i) => offset + length <= (sorted[i + 1]?.offset ?? Number.POSITIVE_INFINITY),
  );
}

function isItem(value: unknown, bodyBytes: number): value is PackItem {
  const { address, offset, length, sha256 } = fieldsOf(value);
  const isPlace = isCount(offset) && isCount(length) && offset + length <= bodyBytes;
  return isPlace && isHash(address) && isHash(sha256);
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isOneBitAway(magic: string): boolean {
  const at = MAGIC.length - 2;
  const changed = magic.charCodeAt(at) ^ MAGIC.charCodeAt(at);
  return magic.slice(0, at) + MAGIC[at] + magic.slice(at + 1) === MAGIC && (changed & (changed - 1)) === 0;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
