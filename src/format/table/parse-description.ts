import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../errors/format-errors.ts";
import type { ColumnType } from "../../table/column.ts";
import { isExactTextType } from "../../table/exact-text.ts";
import {
  bigintArrays,
  isBigintType,
  isColumnType,
  isNumberListType,
  isNumberType,
  numberArrays,
} from "../../table/typed-values.ts";
import { isCount } from "../../util/json/checks.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeJson } from "../json/decode-json.ts";
import {
  ALIGNMENT,
  type ColumnData,
  type ColumnDescription,
  type Extent,
  HEAD_BYTES,
  headOf,
  NEWEST_VERSION,
  TAIL_BYTES,
  TAIL_MAGIC,
  type TableDescription,
  type TextSegment,
  type Version,
} from "./table-file.ts";

/**
 * Checks the first and the last bytes of a file.
 *
 * @throws {@link NewerPayloadError} if a newer release wrote the file; {@link DecodeError}
 */
export function expectFrame(head: Uint8Array, tail: Uint8Array): void {
  if (head.length !== HEAD_BYTES || headOf(1).some((byte, i) => i < 4 && byte !== head[i]))
    refuse("they do not begin as a table does");
  const [version = 0, ...reserved] = head.subarray(4);
  if (version > NEWEST_VERSION) throw NewerPayloadError.ofRelease("table", `in version ${version} of its layout`);
  if (version === 0 || reserved.some((byte) => byte !== 0)) refuse("they do not begin as a table does");
  if (!isTailOf(version === 1 ? 1 : 2, tail)) refuse("they do not end as a table does");
}

/** Whether a file ends like one of a version that is read. Newer versions have other endings. */
export function isTail(tail: Uint8Array): boolean {
  return isTailOf(1, tail) || isTailOf(2, tail);
}

function isTailOf(version: Version, tail: Uint8Array): boolean {
  return tail.length === TAIL_BYTES && TAIL_MAGIC[version].every((byte, i) => byte === tail[4 + i]);
}

/** Returns the range of the description in a file of this size. */
export function descriptionPlace(sizeBytes: number, tail: Uint8Array): [start: number, end: number] {
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const end = sizeBytes - TAIL_BYTES;
  if (length > end - HEAD_BYTES) refuse("their description is longer than they are");
  return [end - length, end];
}

/**
 * Decodes and checks a description.
 *
 * @throws {@link DecodeError} if a part of it does not fit the file, or refers to bytes twice
 */
export function parseDescription(json: Uint8Array, sizeBytes: number, limits: DecodeLimits): TableDescription {
  let value: unknown;
  try {
    value = decodeJson(json, limits);
  } catch (cause) {
    if (cause instanceof DecodeError) throw new DecodeError("table", "their description is not JSON", { cause });
    throw cause;
  }
  return new DescriptionCheck(sizeBytes, limits).table(value);
}

/** The fields of an object in a description, before they are checked. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks every offset before the decoder reads there. The buffers together are at most as long as
 * the file, so that no byte becomes two values.
 */
class DescriptionCheck {
  readonly #sizeBytes: number;
  readonly #limits: DecodeLimits;
  #left: number;

  constructor(sizeBytes: number, limits: DecodeLimits) {
    this.#sizeBytes = sizeBytes;
    this.#left = sizeBytes;
    this.#limits = limits;
  }

  table(value: unknown): TableDescription {
    const { rows, columns }: Fields = Object(value);
    if (!isCount(rows) || !Array.isArray(columns)) return refuse("their description names no rows or columns");
    if (columns.length === 0 && rows > this.#limits.maxNodes)
      throw new DecodeLimitError("table", "maxNodes", this.#limits.maxNodes);
    return { rows, columns: this.#columns(columns, rows, 0) };
  }

  #columns(columns: readonly unknown[], rows: number, depth: number): ColumnDescription[] {
    const checked = columns.map((column) => this.#column(column, rows, depth));
    if (new Set(checked.map(({ name }) => name)).size !== checked.length)
      refuse("two of their columns have the same name");
    return checked;
  }

  #column(value: unknown, rows: number, depth: number): ColumnDescription {
    const { name, type, marks, data }: Fields = Object(value);
    if (typeof name !== "string" || !isColumnType(type)) return refuse("a column has no name or type");
    if (depth > this.#limits.maxDepth) throw new DecodeLimitError("table", "maxDepth", this.#limits.maxDepth);
    const marked = marks === undefined ? {} : { marks: this.#extent(marks, rows) };
    return { name, type, ...marked, data: this.#data(Object(data), type, rows, depth) };
  }

  #data(data: Record<string, unknown>, type: ColumnType, rows: number, depth: number): ColumnData {
    const { kind } = data;
    if (isNumberType(type) || isBigintType(type)) {
      const { BYTES_PER_ELEMENT } = isBigintType(type) ? bigintArrays[type] : numberArrays[type];
      if (kind === "numbers") return { kind, at: this.#extent(data.at, rows * BYTES_PER_ELEMENT) };
    } else if (type === "string" || isExactTextType(type)) {
      if (kind === "texts") return { kind, texts: this.#texts(data.texts, rows) };
      const { width } = data;
      if (kind === "dictionary" && (width === 1 || width === 2))
        return { kind, width, at: this.#extent(data.at, rows * width), texts: this.#texts(data.texts) };
    } else if (type === "bytes") {
      if (kind === "bytes") return { kind, ends: this.#extent(data.ends, rows * 8), at: this.#extent(data.at) };
    } else if (isNumberListType(type)) {
      if (kind === "arrays") return { kind, ends: this.#extent(data.ends, rows * 8), at: this.#extent(data.at) };
    } else if (kind === "records" || type === "value") return this.#any(data, rows, depth);
    return refuse(`a column of type ${type} has no values of its kind`);
  }

  #any(data: Record<string, unknown>, rows: number, depth: number): ColumnData {
    const { kind, count, columns, items } = data;
    if (kind === "structured") return { kind, at: this.#extent(data.at) };
    if (!isCount(count)) return refuse("a column of values has no count");
    if (kind === "records" && Array.isArray(columns) && columns.length > 0 && count <= rows)
      return { kind, count, columns: this.#columns(columns, count, depth + 1) };
    if (kind === "lists") {
      const ends = this.#extent(data.ends);
      if (ends[1] % 8 !== 0 || ends[1] / 8 > rows) return refuse("a column has more lists than rows");
      return { kind, ends, count, items: this.#column(items, count, depth + 1) };
    }
    return refuse("a column of values has values of no kind");
  }

  #texts(value: unknown, wanted?: number): TextSegment[] {
    if (!Array.isArray(value)) return refuse("a column has no texts");
    let total = 0;
    const segments = value.map((segment: unknown): TextSegment => {
      const { count, width, ends, at }: Fields = Object(segment);
      if (!isCount(count) || (width !== 1 && width !== 2)) return refuse("texts have no count or width");
      total += count;
      return { count, width, ends: this.#extent(ends, count * 4), at: this.#extent(at) };
    });
    if (wanted !== undefined && total !== wanted) refuse(`a column has ${total} texts for ${wanted} rows`);
    return segments;
  }

  #extent(value: unknown, wanted?: number): Extent {
    const [start, size]: readonly unknown[] = Array.isArray(value) ? value : [];
    if (
      !isCount(start) ||
      !isCount(size) ||
      start < HEAD_BYTES ||
      start % ALIGNMENT !== 0 ||
      start + size > this.#sizeBytes
    )
      return refuse("a buffer lies outside of them");
    if (wanted !== undefined && size !== wanted) refuse(`a buffer has ${size} bytes instead of ${wanted}`);
    this.#left -= size;
    if (this.#left < 0) refuse("their buffers are longer than they are");
    return [start, size];
  }
}

function refuse(problem: string): never {
  throw new DecodeError("table", problem);
}
