/**
 * In a recipe, binary content of at least this size is replaced by its digest, so that a record
 * need not hold the content.
 */
export const BINARY_DIGEST_BYTES = 4096;

/**
 * The number of bytes in one element of each kind of binary content, whether this runtime has the
 * type or not.
 */
const ELEMENT_BYTES = {
  ArrayBuffer: 1,
  DataView: 1,
  Int8Array: 1,
  Uint8Array: 1,
  Uint8ClampedArray: 1,
  Int16Array: 2,
  Uint16Array: 2,
  Float16Array: 2,
  Int32Array: 4,
  Uint32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
  BigUint64Array: 8,
} as const;

export type BinaryType = keyof typeof ELEMENT_BYTES;

export function isBinaryType(name: string): name is BinaryType {
  return Object.hasOwn(ELEMENT_BYTES, name);
}

/** Returns whether content of this type and size enters recipes as its digest. */
export function isDigestedSize(type: BinaryType, sizeBytes: number): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= BINARY_DIGEST_BYTES && sizeBytes % ELEMENT_BYTES[type] === 0;
}

/**
 * Stands for binary content whose digest alone is known, as records hold it. It has the same
 * canonical bytes as the content itself, and so gives the same address.
 */
export class BinaryDigest {
  /** `Float64Array`, `ArrayBuffer`, `DataView`, … */
  readonly type: BinaryType;
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Only instances whose arguments the constructor has checked have this field. */
  readonly #isChecked = true;

  /** @throws RangeError if no content has this type, size and digest. */
  constructor(type: BinaryType, sizeBytes: number, sha256: string) {
    if (!isBinaryType(type) || !isDigestedSize(type, sizeBytes) || !/^[0-9a-f]{64}$/.test(sha256)) {
      throw new RangeError("no digest of binary content");
    }
    this.type = type;
    this.sizeBytes = sizeBytes;
    this.sha256 = sha256;
    Object.freeze(this);
  }

  static is(value: object): value is BinaryDigest {
    return #isChecked in value;
  }
}

/**
 * Turns the bytes of content from this machine's memory into the form that is hashed: elements are
 * little-endian, and all NaNs are the same.
 */
export function portableBytes(type: BinaryType, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const littleEndian = isBigEndian ? swapElements(type, bytes) : bytes;
  const form = NAN_FORMS[type];
  return form === undefined ? littleEndian : withOneNaN(littleEndian, form);
}

/**
 * Creates content from portable bytes; returns undefined if this runtime has no such type, or the
 * length does not fit.
 */
export function contentOf(type: BinaryType, bytes: Uint8Array): object | undefined {
  if (bytes.length % ELEMENT_BYTES[type] !== 0) return undefined;
  const { buffer } = isBigEndian ? swapElements(type, bytes) : new Uint8Array(bytes);
  if (type === "ArrayBuffer") return buffer;
  const View: unknown = Reflect.get(globalThis, type);
  return typeof View === "function" ? Reflect.construct(View, [buffer]) : undefined;
}

const isBigEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/** Copies the bytes with those of each element reversed; a `DataView` has no elements. */
export function swapElements(type: BinaryType, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const swapped = new Uint8Array(bytes);
  const size = ELEMENT_BYTES[type];
  if (size === 1) return swapped;
  for (let start = 0; start < swapped.length; start += size) swapped.subarray(start, start + size).reverse();
  return swapped;
}

/**
 * For each float type: the exponent's bits in its highest two bytes (little-endian), and how those
 * two bytes look in a NaN.
 */
const NAN_FORMS: Readonly<Partial<Record<BinaryType, NaNForm>>> = {
  Float64Array: { size: 8, infinity: 0x7ff0, nan: 0x7ff8 },
  Float32Array: { size: 4, infinity: 0x7f80, nan: 0x7fc0 },
  Float16Array: { size: 2, infinity: 0x7c00, nan: 0x7e00 },
};

interface NaNForm {
  readonly size: number;
  readonly infinity: number;
  readonly nan: number;
}

/**
 * Replaces each NaN by the same one: a NaN's sign and further bits depend on the processor and on
 * whether the code was compiled yet, so the same program would give different addresses. Returns
 * `bytes` itself if nothing changes.
 */
function withOneNaN(bytes: Uint8Array<ArrayBuffer>, { size, infinity, nan }: NaNForm): Uint8Array<ArrayBuffer> {
  let changed: Uint8Array<ArrayBuffer> | undefined;
  for (let top = size - 1; top < bytes.length; top += size) {
    const high = ((bytes[top] ?? 0) << 8) | (bytes[top - 1] ?? 0);
    if ((high & infinity) !== infinity || !isNaNAt(bytes, top, size, high, infinity)) continue;
    changed ??= new Uint8Array(bytes);
    changed.fill(0, top - size + 1, top - 1);
    changed[top] = nan >> 8;
    changed[top - 1] = nan & 0xff;
  }
  return changed ?? bytes;
}

function isNaNAt(bytes: Uint8Array, top: number, size: number, high: number, infinity: number): boolean {
  if ((high & 0x7fff) !== infinity) return true;
  for (let i = top - size + 1; i < top - 1; i++) if (bytes[i] !== 0) return true;
  return false;
}
