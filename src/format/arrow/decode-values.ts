import { DecodeError } from "../../errors/format-errors.ts";
import { MARK } from "../../table/column.ts";
import { fillerOf, isNumberList, numberLists } from "../../table/typed-values.ts";
import { type Budget, copyAligned } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeNestedJson } from "../json/nested-json.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { COLUMN_ARRAYS } from "../tabular/column-arrays.ts";
import type { ArrowReading } from "./column-conversion.ts";

/** Some rows of a column. */
export interface ArrowPart {
  readonly values: ArrayLike<unknown>;
  readonly marks: Uint8Array | undefined;
}

export interface ArrowContext {
  readonly budget: Budget;
  readonly limits: DecodeLimits;
}

/**
 * How many strings are decoded by one call. If all of them are ASCII, each is cut out of the
 * result.
 */
const STRINGS_AT_ONCE = 4096;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes the values of one column of a record batch.
 *
 * @param buffers - the bits that say which rows are null, then the buffers of the column's type
 * @param itemCount - for a column of lists, how many numbers all of its lists have
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export function decodeArrowValues(
  reading: ArrowReading,
  rowCount: number,
  buffers: readonly Uint8Array[],
  context: ArrowContext,
  itemCount = 0,
): ArrowPart {
  if (reading.layout === "none")
    return { values: emptyList(rowCount), marks: new Uint8Array(rowCount).fill(MARK.null) };
  const [validity = new Uint8Array(0), second = new Uint8Array(0), third = new Uint8Array(0)] = buffers;
  const marks = marksOf(validity, rowCount);
  switch (reading.layout) {
    case "same": {
      const View = COLUMN_ARRAYS[reading.type];
      return { values: copyAligned<ArrayLike<unknown>>(sized(second, rowCount * View.BYTES_PER_ELEMENT), View), marks };
    }
    case "fixed":
      return { values: reading.convert(sized(second, rowCount * reading.widthBytes), rowCount), marks };
    case "texts": {
      const bytes = sized(second, rowCount * reading.widthBytes);
      return { values: decodeTexts(bytes, reading, rowCount, marks, context), marks };
    }
    case "bits":
      return { values: unpackBits(sized(second, Math.ceil(rowCount / 8)), rowCount), marks };
    case "cut": {
      const { widthBytes } = reading;
      const bytes = sized(second, rowCount * widthBytes);
      context.budget.take(bytes.length);
      const cut = (_: unknown, i: number): Uint8Array => bytes.slice(i * widthBytes, (i + 1) * widthBytes);
      return { values: Array.from({ length: rowCount }, cut), marks };
    }
    case "views":
      return { values: decodeViews(reading, rowCount, marks, second, buffers.slice(2), context), marks };
    case "list":
      return { values: decodeLists(reading, rowCount, marks, buffers.slice(1), itemCount, context), marks };
    case "struct":
      return fail("a dictionary or a list has structures, which are not read there");
    case "offsets":
      return { values: decodeCut(reading, rowCount, marks, { offsets: second, data: third }, context), marks };
  }
}

/** Converts counts or digits to the texts that say them exactly. Null may stand on any bytes. */
function decodeTexts(
  bytes: Uint8Array,
  { textsOf }: ArrowReading & { readonly layout: "texts" },
  rowCount: number,
  marks: Uint8Array | undefined,
  { budget }: ArrowContext,
): unknown[] {
  const textAt = textsOf(bytes);
  return Array.from({ length: rowCount }, (_, row) => {
    if (marks?.[row] === MARK.null) return "";
    const text = textAt(row);
    budget.take(text?.length ?? 0);
    return text;
  });
}

function emptyList(length: number): unknown[] {
  return new Array<unknown>(length).fill(undefined);
}

/** Returns `undefined` if no row is null. */
export function marksOf(validity: Uint8Array, rowCount: number): Uint8Array | undefined {
  if (validity.length === 0 || rowCount === 0) return undefined;
  const marks = unpackBits(sized(validity, Math.ceil(rowCount / 8)), rowCount);
  let nulls = 0;
  for (let i = 0; i < rowCount; i++) {
    const mark = marks[i] === 1 ? MARK.present : MARK.null;
    marks[i] = mark;
    nulls += mark;
  }
  return nulls === 0 ? undefined : marks;
}

function unpackBits(bytes: Uint8Array, count: number): Uint8Array {
  const bits = new Uint8Array(count);
  for (let i = 0; i < count; i++) bits[i] = ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1;
  return bits;
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (size > bytes.length) fail("a column is shorter than its rows");
  return bytes.subarray(0, size);
}

type CutReading = ArrowReading & { readonly layout: "offsets" };

function decodeCut(
  { type, isLarge, name }: CutReading,
  rowCount: number,
  marks: Uint8Array | undefined,
  { offsets, data }: { readonly offsets: Uint8Array; readonly data: Uint8Array },
  { budget, limits }: ArrowContext,
): unknown[] {
  if (rowCount === 0) return [];
  const ends = parseOffsets(offsets, rowCount, isLarge, data.length);
  budget.take((ends[rowCount] ?? 0) - (ends[0] ?? 0));
  if (type === "string") return decodeStrings(data, ends, marks);
  const values: unknown[] = [];
  for (let row = 0; row < rowCount; row++) {
    const bytes = data.subarray(ends[row], ends[row + 1]);
    if (marks?.[row] === MARK.null) values.push(fillerOf(type));
    else values.push(type === "bytes" ? new Uint8Array(bytes) : decodeNestedJson("arrow", name, bytes, limits));
  }
  return values;
}

type ViewReading = ArrowReading & { readonly layout: "views" };

const VIEW_BYTES = 16;
/** The most bytes of a value that lies in its view. */
const SHORT_BYTES = 12;

/** Several views may refer to the same bytes, so what they refer to is counted. */
function decodeViews(
  { type, name }: ViewReading,
  rowCount: number,
  marks: Uint8Array | undefined,
  bytes: Uint8Array,
  buffers: readonly Uint8Array[],
  { budget, limits }: ArrowContext,
): unknown[] {
  const all = sized(bytes, rowCount * VIEW_BYTES);
  const views = new DataView(all.buffer, all.byteOffset, all.byteLength);
  return Array.from({ length: rowCount }, (_, row) => {
    if (marks?.[row] === MARK.null) return fillerOf(type);
    const at = row * VIEW_BYTES;
    const length = views.getInt32(at, true);
    if (length < 0) fail("a text or some bytes have no length");
    budget.take(length);
    const isShort = length <= SHORT_BYTES;
    const buffer = isShort ? all : buffers[views.getInt32(at + 8, true)];
    const start = isShort ? at + 4 : views.getInt32(at + 12, true);
    if (buffer === undefined || start < 0 || start + length > buffer.length)
      return fail("a text or some bytes lie outside of their column");
    const value = buffer.subarray(start, start + length);
    if (type === "string") return textOf(value);
    return type === "bytes" ? new Uint8Array(value) : decodeNestedJson("arrow", name, value, limits);
  });
}

type ListReading = ArrowReading & { readonly layout: "list" };

/** Cuts the numbers of all lists into lists, each a copy, so that it can be changed by itself. */
function decodeLists(
  { type, item, size, isLarge, name }: ListReading,
  rowCount: number,
  marks: Uint8Array | undefined,
  buffers: readonly Uint8Array[],
  itemCount: number,
  context: ArrowContext,
): unknown[] {
  const [offsets = new Uint8Array(0)] = buffers;
  const ofItems = size === undefined ? buffers.slice(1) : buffers;
  if (size !== undefined && rowCount * size > itemCount) fail("a list has fewer numbers than it says");
  const List = numberLists[type];
  context.budget.take(itemCount * List.BYTES_PER_ELEMENT);
  const items = decodeArrowValues(item, itemCount, ofItems, context);
  if (items.marks?.includes(MARK.null) === true)
    throw new DecodeError("arrow", `column ${name} has lists with null in them, which a list of numbers cannot hold`);
  const ends = size === undefined && rowCount > 0 ? parseOffsets(offsets, rowCount, isLarge, itemCount) : undefined;
  const all = items.values;
  if (!isNumberList(all)) return fail("a list has something else than numbers");
  return Array.from({ length: rowCount }, (_, row) => {
    if (marks?.[row] === MARK.null) return fillerOf(type);
    const start = ends === undefined ? row * (size ?? 0) : (ends[row] ?? 0);
    return all.slice(start, ends === undefined ? start + (size ?? 0) : ends[row + 1]);
  });
}

function parseOffsets(bytes: Uint8Array, rowCount: number, isLarge: boolean, end: number): Int32Array | Float64Array {
  const offsets = isLarge
    ? Float64Array.from(copyAligned(sized(bytes, (rowCount + 1) * 8), BigInt64Array), Number)
    : copyAligned(sized(bytes, (rowCount + 1) * 4), Int32Array);
  let previous = 0;
  for (const offset of offsets) {
    if (offset < previous || offset > end) fail("a text or some bytes lie outside of their column");
    previous = offset;
  }
  return offsets;
}

function decodeStrings(data: Uint8Array, ends: Int32Array | Float64Array, marks: Uint8Array | undefined): string[] {
  const rowCount = ends.length - 1;
  const strings: string[] = [];
  for (let start = 0; start < rowCount; start += STRINGS_AT_ONCE) {
    const end = Math.min(start + STRINGS_AT_ONCE, rowCount);
    const base = ends[start] ?? 0;
    const bytes = data.subarray(base, ends[end]);
    const all = marks === undefined ? textOf(bytes) : undefined;
    const isAscii = all?.length === bytes.length;
    for (let row = start; row < end; row++) {
      const from = ends[row] ?? 0;
      const to = ends[row + 1] ?? 0;
      if (isAscii) strings.push(all.substring(from - base, to - base));
      else strings.push(marks?.[row] === MARK.null ? "" : textOf(data.subarray(from, to)));
    }
  }
  return strings;
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    if (isOutOfResources(cause)) throw cause;
    throw new DecodeError("arrow", "a text is not UTF-8", { cause });
  }
}

function fail(problem: string): never {
  throw new DecodeError("arrow", problem);
}
