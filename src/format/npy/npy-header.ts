import { DecodeError, NewerPayloadError } from "../../errors/format-errors.ts";
import { expandHalves } from "./foreign-layout.ts";
import type { NpyArray } from "./npy-array.ts";

/** One of NumPy's types of numbers. */
export interface NpyKind {
  /** The name in the header, with its byte order: `<f8`. */
  readonly descr: string;
  readonly sizeBytes: number;
  readonly prototype: object;
  create(buffer: ArrayBuffer, offset: number, length: number): NpyArray;
}

type ViewClass = {
  new (buffer: ArrayBuffer, offset: number, length: number): NpyArray;
  readonly prototype: object;
  readonly BYTES_PER_ELEMENT: number;
};

function kind(descr: string, View: ViewClass): NpyKind {
  return {
    descr,
    sizeBytes: View.BYTES_PER_ELEMENT,
    prototype: View.prototype,
    create: (buffer, offset, length) => new View(buffer, offset, length),
  };
}

const float16 = (globalThis as { Float16Array?: ViewClass }).Float16Array;

const KINDS: readonly NpyKind[] = [
  kind("<f8", Float64Array),
  kind("<f4", Float32Array),
  kind("|i1", Int8Array),
  kind("|u1", Uint8Array),
  kind("<i2", Int16Array),
  kind("<u2", Uint16Array),
  kind("<i4", Int32Array),
  kind("<u4", Uint32Array),
  kind("<i8", BigInt64Array),
  kind("<u8", BigUint64Array),
  ...(float16 === undefined ? [] : [kind("<f2", float16)]),
];

/**
 * Numbers of 16 bits, for a Node without a typed array for them. The values are exact as
 * `Float32Array`.
 */
const HALF: NpyKind = {
  descr: "<f2",
  sizeBytes: 2,
  prototype: Object.prototype,
  create: (buffer, offset, length) => expandHalves(new Uint8Array(buffer, offset, length * 2)),
};

/** Returns NumPy's type for a typed array. Instances of subclasses do not have one. */
export function npyKindOf(data: unknown): NpyKind | undefined {
  if (!ArrayBuffer.isView(data)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(data);
  return KINDS.find((candidate) => candidate.prototype === prototype);
}

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
/** The data begin at a multiple of this many bytes. */
const ALIGNMENT = 64;
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Encodes a header of version 1.0. Version 2.0 is for headers of more than 65,535 bytes, which a
 * shape of 32 dimensions never needs.
 */
export function encodeNpyHeader({ descr }: NpyKind, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const unpadded = MAGIC.length + 4 + text.length + 1;
  const padded = `${text}${" ".repeat((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT)}\n`;
  const header = new Uint8Array(MAGIC.length + 4 + padded.length);
  header.set(MAGIC);
  header.set([1, 0, padded.length & 0xff, padded.length >> 8], MAGIC.length);
  header.set(new TextEncoder().encode(padded), MAGIC.length + 4);
  return header;
}

/** The description of the data that follow a header. */
export interface NpyHeader {
  readonly kind: NpyKind;
  readonly shape: readonly number[];
  /** The offset at which the data begin. */
  readonly start: number;
  /** Whether the first index changes fastest, instead of the last one. */
  readonly isFortran: boolean;
  readonly isBigEndian: boolean;
  readonly isBoolean: boolean;
}

/** NumPy's name for its booleans: one byte each, 0 or 1. */
const BOOLEAN = "|b1";

export function decodeNpyHeader(bytes: Uint8Array): NpyHeader {
  const fail = (problem: string): never => {
    throw new DecodeError("npy", problem);
  };
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) fail("they do not begin as a .npy file");
  const version = bytes[6] ?? 0;
  if (version > 3) throw NewerPayloadError.ofRelease("npy", `in version ${version} of the .npy format`);
  if (version < 1) fail(`they are of version ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizeBytes = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const headerStart = version === 1 ? 10 : 12;
  const start = headerStart + sizeBytes;
  if (sizeBytes > MAX_HEADER_BYTES || start > bytes.length) fail("their header is cut off");
  const text = new TextDecoder("latin1").decode(bytes.subarray(headerStart, start));
  const descr = /'descr': '([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order': (True|False)/.exec(text)?.[1];
  const tuple = /'shape': \(([\d, ]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || tuple === undefined)
    return fail("their header is not one that we read");
  const shape = tuple
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  if (!shape.every((size) => Number.isSafeInteger(size))) fail("their shape is too large");
  const isBoolean = descr === BOOLEAN;
  const isBigEndian = descr.startsWith(">");
  const wanted = isBoolean ? "|u1" : descr.replace(/^>/, "<");
  const kind = [...KINDS, HALF].find((candidate) => candidate.descr === wanted);
  if (kind === undefined) return fail(`they hold numbers of type ${descr}, which has no typed array here`);
  return { kind, shape, start, isFortran: fortran === "True" && shape.length > 1, isBigEndian, isBoolean };
}
