import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { at } from "../../util/at.ts";
import { propertyOf } from "../own-keys.ts";
import { branchOf } from "./check-avro.ts";
import type { AvroLongs, AvroType, AvroUnion } from "./schema.ts";

/** The encoding doubles a number; beyond this bound the double may not be exact. */
const EXACT_TWICE = 2 ** 51;

/** The longest buffer of Node 20, in bytes. */
const MAX_BYTES = 2 ** 32 - 1;

/** Writes values in Avro's binary encoding. The caller has checked them. */
export class AvroWriter {
  readonly #longs: AvroLongs;
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;
  /** How many values were written since the writer was created. */
  nodes = 0;

  constructor(longs: AvroLongs) {
    this.#longs = longs;
  }

  get length(): number {
    return this.#length;
  }

  /** Returns a copy of the bytes that were written since the last call. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  write(value: unknown, type: AvroType): void {
    this.nodes += 1;
    switch (type.kind) {
      case "null":
        break;
      case "boolean":
        this.#reserve(1);
        this.#buffer[this.#length++] = value === true ? 1 : 0;
        break;
      case "int":
      case "long":
        if (typeof value === "number" || typeof value === "bigint") this.writeLong(value);
        break;
      case "float":
        this.#reserve(4);
        this.#length = this.#buffer.writeFloatLE(Number(value), this.#length);
        break;
      case "double":
        this.#reserve(8);
        this.#length = this.#buffer.writeDoubleLE(Number(value), this.#length);
        break;
      case "string":
        this.#writeText(String(value));
        break;
      case "bytes":
      case "fixed":
        if (value instanceof Uint8Array) this.#writeBytes(value, type.kind === "bytes");
        break;
      case "enum":
        this.writeLong(type.symbols.indexOf(String(value)));
        break;
      case "union":
        this.#writeUnion(value, type);
        break;
      default:
        if (typeof value === "object" && value !== null) this.#writeContainer(value, type);
    }
  }

  #writeUnion(value: unknown, union: AvroUnion): void {
    const index = branchOf(union, value, this.#longs);
    this.writeLong(index);
    this.write(value, at(union.branches, index));
  }

  #writeBytes(bytes: Uint8Array, withLength: boolean): void {
    if (withLength) this.writeLong(bytes.length);
    this.#writeRaw(bytes);
  }

  #writeContainer(value: object, type: Extract<AvroType, { kind: "array" | "map" | "record" }>): void {
    if (type.kind === "record") for (const field of type.fields) this.write(propertyOf(value, field.name), field.type);
    else if (type.kind === "map") this.#writeMap(value, type.values);
    else if (Array.isArray(value)) this.#writeArray(value, type.items);
  }

  #writeArray(array: readonly unknown[], items: AvroType): void {
    if (array.length > 0) this.writeLong(array.length);
    for (const item of array) this.write(item, items);
    this.writeLong(0);
  }

  #writeMap(map: object, values: AvroType): void {
    const entries: [string, unknown][] = Object.entries(map);
    if (entries.length > 0) this.writeLong(entries.length);
    for (const [key, value] of entries) {
      this.#writeText(key);
      this.write(value, values);
    }
    this.writeLong(0);
  }

  /** Writes a number in one to ten bytes, as few as it needs. */
  writeLong(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === "bigint" || Math.abs(value) > EXACT_TWICE) this.#writeBig(BigInt(value));
    else this.#writeSmall(value);
  }

  #writeSmall(value: number): void {
    let rest = value >= 0 ? value * 2 : value * -2 - 1;
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  #writeBig(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 128n) {
      this.#buffer[this.#length++] = Number(rest & 127n) + 128;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #writeText(text: string): void {
    const sizeBytes = Buffer.byteLength(text);
    this.writeLong(sizeBytes);
    this.#reserve(sizeBytes);
    this.#length += this.#buffer.write(text, this.#length, "utf8");
  }

  #writeRaw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#buffer.length) return;
    if (needed > MAX_BYTES)
      throw new UnsupportedPayloadError("avro", [], "has a record of more than 4 GiB", "Use structured().");
    const larger = Buffer.allocUnsafe(Math.min(Math.max(needed, this.#buffer.length * 2), MAX_BYTES));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
