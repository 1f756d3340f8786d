import type { Address } from "../address/address.ts";
import { sha256Hex } from "../util/sha256.ts";

/** Many payloads in one object: written once, never changed. See spec/packs.md. */
const MAGIC = new TextEncoder().encode("PSPACK1\n");
const HEAD_BYTES = MAGIC.length + 4 + 64;
/** Nobody's file may take the process down. */
const MAX_HEADER_BYTES = 256 * 1024 * 1024;
/** What is read of a pack at first: mostly the whole header. */
export const FIRST_READ_BYTES = 64 * 1024;

/** Where one payload lies, and what it must be. */
export interface PackItem {
  readonly address: Address;
  /** From the end of the header, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** sha256 of its bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** What a pack says of itself: JSON that people can read. */
export interface PackHeader {
  readonly pack: 1;
  readonly name: string;
  /** Of the map: name, version and params that all items share. */
  readonly map: Address;
  readonly params: unknown;
  readonly format: string;
  readonly createdAt: string;
  readonly durationMs?: number;
  readonly cost?: Readonly<Record<string, number>>;
  readonly items: readonly PackItem[];
}

/** A header, and where the payloads begin. */
export interface ReadHeader {
  readonly header: PackHeader;
  readonly bodyStart: number;
}

/** The bytes of a pack, in order. */
export function encodePack(header: PackHeader, payloads: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const json = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
  const head = new Uint8Array(HEAD_BYTES);
  head.set(MAGIC);
  new DataView(head.buffer).setUint32(MAGIC.length, json.length, true);
  head.set(new TextEncoder().encode(sha256Hex(json)), MAGIC.length + 4);
  return [head, json, ...payloads.flat()];
}

/** Whether all bytes of a pack are what was written. */
export function isWholePack(bytes: Uint8Array): boolean {
  const read = decodeHeader(bytes, bytes.length);
  if (typeof read !== "object") return false;
  const { header, bodyStart } = read;
  return header.items.every(({ offset, length, sha256 }) => {
    const start = bodyStart + offset;
    return sha256Hex(bytes.subarray(start, start + length)) === sha256;
  });
}

/**
 * The header, from the first bytes of a pack.
 *
 * @returns how many bytes it takes where there are too few; a sentence about what is wrong where it is no header.
 */
export function decodeHeader(bytes: Uint8Array, sizeBytes: number): ReadHeader | number | string {
  if (bytes.length < HEAD_BYTES) return sizeBytes < HEAD_BYTES ? "is too short" : HEAD_BYTES;
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return "does not begin as a pack";
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const bodyStart = HEAD_BYTES + length;
  if (length > MAX_HEADER_BYTES || bodyStart > sizeBytes) return "ends before its header does";
  if (bytes.length < bodyStart) return bodyStart;
  const json = bytes.subarray(HEAD_BYTES, bodyStart);
  if (new TextDecoder("latin1").decode(bytes.subarray(MAGIC.length + 4, HEAD_BYTES)) !== sha256Hex(json))
    return "has a header that is not what was written";
  const header = JSON.parse(new TextDecoder().decode(json)) as PackHeader;
  const end = header.items.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
  return bodyStart + end > sizeBytes ? "ends before its last payload does" : { header, bodyStart };
}
