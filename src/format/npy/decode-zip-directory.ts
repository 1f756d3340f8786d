import { DecodeError } from "../../errors/format-errors.ts";

/** A file in a zip archive, as the directory at its end describes it. */
export interface ZipEntry {
  readonly name: string;
  /** The bytes in the archive, which are compressed if `isDeflated`. */
  readonly bytes: Uint8Array;
  readonly isDeflated: boolean;
  /** The size after decompression. */
  readonly sizeBytes: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
/** A 32-bit field with this value means that a 64-bit field holds the number. */
const ELSEWHERE = 0xffffffff;
const ENCRYPTED = 1;
const DEFLATED = 8;

/**
 * Reads the directory of a zip archive, whose bytes may be hostile: every part lies within the
 * bytes, and no two files overlap. Format: APPNOTE.TXT of PKWARE, 6.3.10.
 *
 * @param format - the id of the format that reads its payload
 * @throws {@link DecodeError}
 */
export function readZipDirectory(format: string, bytes: Uint8Array): readonly ZipEntry[] {
  return new ZipDirectory(format, bytes).read();
}

interface CentralEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly sizeBytes: number;
  readonly compressedBytes: number;
  readonly offset: number;
}

class ZipDirectory {
  readonly #format: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(format: string, bytes: Uint8Array) {
    this.#format = format;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): readonly ZipEntry[] {
    const end = this.#findEnd();
    const { count, start } = this.#readEnd(end);
    const entries: ZipEntry[] = [];
    let dataEnd = 0;
    let at = start;
    for (let i = 0; i < count; i++) {
      const entry = this.#readCentral(at);
      at = entry.next;
      const dataStart = this.#findData(entry);
      // Programs that write archives list the files in the order in which they lie.
      if (entry.offset < dataEnd) this.#fail("their files overlap, or are not in order");
      dataEnd = dataStart + entry.compressedBytes;
      if (dataEnd > start) this.#fail("a file reaches beyond its end");
      if (!entry.isDeflated && entry.compressedBytes !== entry.sizeBytes) this.#fail("a file has two sizes");
      const { name, isDeflated, sizeBytes } = entry;
      entries.push({ name, isDeflated, sizeBytes, bytes: this.#bytes.subarray(dataStart, dataEnd) });
    }
    return entries;
  }

  /** Searches for the end record, which a comment may follow. */
  #findEnd(): number {
    const last = this.#bytes.length - END_BYTES;
    for (let at = last; at >= 0 && at >= last - MAX_COMMENT_BYTES; at--)
      if (this.#uint32(at) === END && at + END_BYTES + this.#uint16(at + 20) === this.#bytes.length) return at;
    return this.#fail("they do not end as a zip archive");
  }

  #readEnd(end: number): { readonly count: number; readonly start: number } {
    const count = this.#uint16(end + 10);
    const start = this.#uint32(end + 16);
    const locator = end - 20;
    if ((count !== 0xffff && start !== ELSEWHERE) || locator < 0 || this.#uint32(locator) !== END_64_LOCATOR)
      return { count, start };
    const end64 = this.#uint64(locator + 8);
    if (this.#uint32(end64) !== END_64) this.#fail("their 64-bit end record is not there");
    return { count: this.#uint64(end64 + 32), start: this.#uint64(end64 + 48) };
  }

  #readCentral(at: number): CentralEntry & { readonly next: number } {
    if (this.#uint32(at) !== CENTRAL) this.#fail("their directory is damaged");
    const flags = this.#uint16(at + 8);
    const method = this.#uint16(at + 10);
    const nameBytes = this.#uint16(at + 28);
    const extraStart = at + 46 + nameBytes;
    const extraEnd = extraStart + this.#uint16(at + 30);
    const next = extraEnd + this.#uint16(at + 32);
    if (next > this.#bytes.length) this.#fail("their directory is cut off");
    if ((flags & ENCRYPTED) !== 0) this.#fail("a file is encrypted");
    if (method !== 0 && method !== DEFLATED) this.#fail(`a file is compressed by method ${method}`);
    const [sizeBytes = 0, compressedBytes = 0, offset = 0] = this.#readSizes(at, extraStart, extraEnd);
    const name = this.#text(this.#bytes.subarray(at + 46, extraStart));
    return { name, isDeflated: method === DEFLATED, sizeBytes, compressedBytes, offset, next };
  }

  /**
   * Reads the size, the compressed size and the offset, each in 32 bits, or in 64 among the extra
   * fields.
   */
  #readSizes(at: number, extraStart: number, extraEnd: number): readonly number[] {
    const sizes = [this.#uint32(at + 24), this.#uint32(at + 20), this.#uint32(at + 42)];
    if (!sizes.includes(ELSEWHERE)) return sizes;
    for (let field = extraStart; field + 4 <= extraEnd; field += 4 + this.#uint16(field + 2)) {
      if (this.#uint16(field) !== 1) continue;
      let value = field + 4;
      return sizes.map((size) => {
        if (size !== ELSEWHERE) return size;
        value += 8;
        return this.#uint64(value - 8);
      });
    }
    return sizes;
  }

  /**
   * Returns the offset of a file's data, which follows the file's own header. Only the lengths in
   * that header are read, since the rest of it repeats the directory.
   */
  #findData({ offset }: CentralEntry): number {
    if (this.#uint32(offset) !== LOCAL) this.#fail("a file is not where their directory says");
    return offset + 30 + this.#uint16(offset + 26) + this.#uint16(offset + 28);
  }

  #text(name: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(name);
    } catch (cause) {
      throw new DecodeError(this.#format, "the name of a file is not UTF-8", { cause });
    }
  }

  #uint16(at: number): number {
    if (at + 2 > this.#bytes.length) this.#fail("they are cut off");
    return this.#view.getUint16(at, true);
  }

  #uint32(at: number): number {
    if (at + 4 > this.#bytes.length) this.#fail("they are cut off");
    return this.#view.getUint32(at, true);
  }

  #uint64(at: number): number {
    if (at + 8 > this.#bytes.length) this.#fail("they are cut off");
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail("a size is beyond all measure");
    return Number(value);
  }

  #fail(problem: string): never {
    throw new DecodeError(this.#format, problem);
  }
}
