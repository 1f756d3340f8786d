import { isErrorOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import type { AvroLongs, AvroType, LogicalAvroType } from "./schema.ts";

/** A file of any size may hold this many values, even if they take no bytes. */
const FREE_NODES = 1_000_000;

/** Counts the values of all blocks of a file. */
export interface NodeBudget {
  left: number;
  /** The one of the two limits that bounds the count: the error names it. */
  readonly limit: "maxNodes" | "maxRatio";
  readonly limits: DecodeLimits;
}

/**
 * Returns how many values a file of this size may hold. Its size alone does not bound them: nulls
 * and empty records take no bytes.
 */
export function createNodeBudget(encodedBytes: number, limits: DecodeLimits): NodeBudget {
  const byRatio = Math.max(FREE_NODES, encodedBytes * limits.maxRatio);
  if (byRatio < limits.maxNodes) return { left: byRatio, limit: "maxRatio", limits };
  return { left: limits.maxNodes, limit: "maxNodes", limits };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads Avro's binary encoding from bytes that may be hostile: every size that they claim is
 * compared with the bytes that are there, and with the limits, before memory or time is spent on
 * it.
 */
export class AvroReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #longs: AvroLongs;
  readonly #readsLogical: boolean;
  readonly #budget: NodeBudget;
  #at = 0;
  #depth = 0;

  /**
   * @param how - how longs are read, and whether values of logical types are read as what they mean
   */
  constructor(bytes: Uint8Array, how: { readonly longs: AvroLongs; readonly logical: boolean }, budget: NodeBudget) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#longs = how.longs;
    this.#readsLogical = how.logical;
    this.#budget = budget;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read(type: AvroType): unknown {
    this.#budget.left -= 1;
    if (this.#budget.left < 0) this.#exceedNodes();
    switch (type.kind) {
      case "null":
        return null;
      case "boolean":
        return this.#readBoolean();
      case "int":
        return this.#meant(type, this.#readInt());
      case "long":
        return this.#meant(
          type,
          type.logical === undefined || !this.#readsLogical ? this.#readLong() : this.#readVariable(),
        );
      case "float":
        return this.#view.getFloat32(this.#skip(4), true);
      case "double":
        return this.#view.getFloat64(this.#skip(8), true);
      case "string":
        return this.#readText();
      case "bytes":
        return this.#meant(type, this.readBytes());
      case "fixed":
        return this.#meant(type, this.readRaw(type.sizeBytes));
      case "enum":
        return type.symbols[this.readCount()] ?? this.fail("they hold a symbol that the schema lacks");
      case "union":
        return this.read(type.branches[this.readCount()] ?? this.fail("they hold a branch that the schema lacks"));
      default:
        return this.#readContainer(type);
    }
  }

  /** Returns what a value of a logical type means, or the value itself. */
  #meant(type: LogicalAvroType, value: number | bigint | Uint8Array): unknown {
    if (!this.#readsLogical || type.logical === undefined) return value;
    const meant = type.logical.valueOf(value);
    // The reader of a table names the column of such a value. Inside of a cell, nothing else would.
    if (meant === undefined && this.#depth > 1) this.fail("a time or a decimal inside of a cell is beyond its type");
    return meant;
  }

  #readContainer(type: Extract<AvroType, { kind: "array" | "map" | "record" }>): unknown {
    const { maxDepth } = this.#budget.limits;
    if (this.#depth >= maxDepth) throw new DecodeLimitError("avro", "maxDepth", maxDepth);
    this.#depth += 1;
    let value: unknown;
    if (type.kind === "record") {
      const record: Record<string, unknown> = {};
      for (const field of type.fields) record[field.name] = this.read(field.type);
      value = record;
    } else value = type.kind === "array" ? this.#readArray(type.items) : this.#readMap(type.values);
    this.#depth -= 1;
    return value;
  }

  #readArray(items: AvroType): unknown[] {
    const array: unknown[] = [];
    for (let count = this.#readBlockCount(); count > 0; count = this.#readBlockCount())
      for (let i = 0; i < count; i++) array.push(this.read(items));
    return array;
  }

  #readMap(values: AvroType): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let count = this.#readBlockCount(); count > 0; count = this.#readBlockCount()) {
      for (let i = 0; i < count; i++) {
        const key = this.#readText();
        if (key === "__proto__") this.fail("a key of a map is __proto__");
        map[key] = this.read(values);
      }
    }
    return map;
  }

  /**
   * Reads how many values the next block of an array or map has. A negative count is followed by
   * the size of the block in bytes, which readers need only for skipping it.
   */
  #readBlockCount(): number {
    const given = this.#readVariable();
    if (typeof given === "bigint") return this.fail("a block claims more values than any memory holds");
    if (given < 0) this.readCount();
    const count = Math.abs(given);
    if (count > this.#budget.left) this.#exceedNodes();
    return count;
  }

  #readBoolean(): boolean {
    const byte = this.#bytes[this.#skip(1)] ?? 2;
    return byte > 1 ? this.fail("a boolean is neither true nor false") : byte === 1;
  }

  #readInt(): number {
    const value = this.#readVariable();
    return typeof value === "number" && value === (value | 0) ? value : this.fail("an int has more than 32 bits");
  }

  #readLong(): number | bigint {
    const value = this.#readVariable();
    if (this.#longs === "bigint") return BigInt(value);
    const number = Number(value);
    return Number.isSafeInteger(number)
      ? number
      : this.fail('a long is beyond what a number holds exactly, and takes avro({ longs: "bigint" })');
  }

  /** Reads a long that is a size or an index. */
  readCount(): number {
    const value = this.#readVariable();
    return typeof value === "number" && value >= 0 ? value : this.fail("a size is negative, or beyond all measure");
  }

  #readVariable(): number | bigint {
    let value = 0;
    let scale = 1;
    // Up to seven bytes hold 49 bits, which a number holds exactly.
    for (let i = 0; i < 7; i++) {
      const byte = this.#bytes[this.#skip(1)] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.#readBig(BigInt(value));
  }

  #readBig(low: bigint): bigint {
    let value = low;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#skip(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >= 2n ** 64n) break;
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      }
    }
    return this.fail("a number has more than 64 bits");
  }

  readBytes(): Uint8Array {
    return this.readRaw(this.readCount());
  }

  readRaw(sizeBytes: number): Uint8Array {
    const start = this.#skip(sizeBytes);
    return this.#bytes.subarray(start, this.#at);
  }

  #readText(): string {
    const bytes = this.readBytes();
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      if (!isErrorOf("TypeError", cause)) throw cause;
      throw new DecodeError("avro", "a text is not UTF-8", { cause });
    }
  }

  /**
   * Moves the position behind the next `sizeBytes` bytes, and returns the offset of the first of
   * them.
   */
  #skip(sizeBytes: number): number {
    const start = this.#at;
    if (sizeBytes > this.#bytes.length - start) this.fail("they are cut off");
    this.#at += sizeBytes;
    return start;
  }

  #exceedNodes(): never {
    const { limit, limits } = this.#budget;
    throw new DecodeLimitError("avro", limit, limits[limit]);
  }

  fail(problem: string): never {
    throw new DecodeError("avro", problem);
  }
}
