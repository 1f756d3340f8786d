/** Binary content of at least this many bytes enters recipes as its digest, so that a record can vouch for it without holding it. */
export const BINARY_DIGEST_BYTES = 4096;

/**
 * Stands for binary content of which only the digest is known, as records hold it. It has the same canonical bytes as the content itself.
 */
export class BinaryDigest {
  /** `Float64Array`, `ArrayBuffer`, `DataView`, … */
  readonly type: string;
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;

  constructor(type: string, sizeBytes: number, sha256: string) {
    this.type = type;
    this.sizeBytes = sizeBytes;
    this.sha256 = sha256;
    Object.freeze(this);
  }
}

/** The bytes of binary content as they lie in memory; typed arrays are little-endian on every platform that Node runs on. */
export function bytesOf(content: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(content)
    ? new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
    : new Uint8Array(content);
}
