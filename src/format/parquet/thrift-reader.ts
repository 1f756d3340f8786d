import { DecodeError } from "../../errors/format-errors.ts";

/** The deepest nesting that is read. The structures of Parquet are nested up to six levels. */
const MAX_DEPTH = 16;

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

/** Reads the value of a field, whose type it gets. */
export type ReadField = (type: number) => void;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads structures in Thrift's compact protocol, and keeps only the fields that the caller wants.
 * Every step consumes a byte, and none allocates memory by a length in the bytes. So hostile bytes
 * cost no more than their own length.
 *
 * See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
 */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  #depth = 0;
  /** The offset of the next byte to read. */
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  /**
   * Reads a structure. Each field is passed to the function with its number, or skipped if there is
   * none.
   */
  struct(fields: { readonly [field: number]: ReadField }): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail("a structure is nested too deeply");
    let field = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === 0) break;
      field = head >> 4 === 0 ? this.#zigzag() : field + (head >> 4);
      const read = Object.hasOwn(fields, field) ? fields[field] : undefined;
      if (read === undefined) this.#skip(type);
      else read(type);
    }
    this.#depth -= 1;
  }

  /** Reads a structure that is the value of a field. */
  structOf(type: number, fields: { readonly [field: number]: ReadField }): void {
    if (type !== STRUCT) this.#fail(`a field has type ${type} instead of a structure`);
    this.struct(fields);
  }

  list(type: number, each: ReadField): void {
    if (type !== LIST && type !== SET) this.#fail(`a field has type ${type} instead of a list`);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail("a structure is nested too deeply");
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    // An element takes at least one byte.
    if (size > this.#bytes.length - this.offset) this.#fail("a list is longer than the bytes that are left");
    for (let i = 0; i < size; i++) each(head & 0x0f);
    this.#depth -= 1;
  }

  /** Reads a whole number. One beyond 2^53 is rounded. */
  int(type: number): number {
    if (type === BYTE) return (this.#byte() << 24) >> 24;
    if (type < I16 || type > I64) this.#fail(`a field has type ${type} instead of a whole number`);
    return this.#zigzag();
  }

  bool(type: number): boolean {
    if (type !== TRUE && type !== FALSE) this.#fail(`a field has type ${type} instead of a boolean`);
    return type === TRUE;
  }

  text(type: number): string {
    if (type !== BINARY) this.#fail(`a field has type ${type} instead of text`);
    const end = this.#endOf(this.#varint());
    const bytes = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new DecodeError("parquet", "a name is not UTF-8 text", { cause });
    }
  }

  #skip(type: number): void {
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.offset = this.#endOf(1);
    else if (type >= I16 && type <= I64) this.#varint();
    else if (type === DOUBLE) this.offset = this.#endOf(8);
    else if (type === BINARY) this.offset = this.#endOf(this.#varint());
    else if (type === LIST || type === SET) this.list(type, (element) => this.#skipElement(element));
    else if (type === STRUCT) this.struct({});
    else this.#fail(`a field has the unknown type ${type}`);
  }

  /** Skips an element of a list. There a boolean takes a byte, while a field has it in its type. */
  #skipElement(type: number): void {
    this.#skip(type === TRUE || type === FALSE ? BYTE : type);
  }

  #byte(): number {
    const byte = this.#bytes[this.offset];
    if (byte === undefined) this.#fail("a structure is cut off");
    this.offset += 1;
    return byte;
  }

  #endOf(size: number): number {
    const end = this.offset + size;
    if (end > this.#bytes.length) this.#fail("a structure is cut off");
    return end;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.#fail("a number has more than 64 bits");
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #fail(problem: string): never {
    throw new DecodeError("parquet", problem);
  }
}
