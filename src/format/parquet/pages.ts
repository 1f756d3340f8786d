import { DecodeError } from "../../errors/format-errors.ts";
import { type Budget, copyAligned } from "../decode-budget.ts";
import {
  decodeByteStreamSplit,
  decodeDelta,
  decodeDeltaBytes,
  decodeDeltaLengths,
  decodeHybrid,
  decodePlain,
  PHYSICAL,
  type PhysicalType,
  type PhysicalValues,
} from "./encodings.ts";
import type { Expand } from "./page-compression.ts";
import { ThriftReader } from "./thrift-reader.ts";

export const DATA_PAGE = 0;
export const DICTIONARY_PAGE = 2;
export const DATA_PAGE_V2 = 3;

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
export const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const DELTA_LENGTH_BYTE_ARRAY = 6;
const DELTA_BYTE_ARRAY = 7;
const RLE_DICTIONARY = 8;
const BYTE_STREAM_SPLIT = 9;

/** How the pages of a column chunk are read. */
export interface PageReading {
  readonly physical: PhysicalType;
  /** The definition level of a value that is there; 0 if every row has a value. */
  readonly maxDefinition: number;
  readonly expand: Expand;
  /** Bounds the bytes that pages expand to. */
  readonly budget: Budget;
}

/** The rows of one page. */
export interface PageRows {
  /** The number of the first row in the row group. */
  readonly start: number;
  readonly count: number;
  /** 1 for each row that has a value, 0 for null; `undefined` if all rows have a value. */
  readonly present: Uint8Array | undefined;
  /** For a field of structs: the definition level of each row, unless all rows have a value. */
  readonly levels?: Uint8Array | undefined;
  /** The values of the rows that have one, in order, or their indexes in the dictionary. */
  readonly values: PhysicalValues;
  readonly dictionary: PhysicalValues | undefined;
}

export interface PageHead {
  type: number;
  expandedBytes: number;
  compressedBytes: number;
  valueCount: number;
  nullCount: number;
  encoding: number;
  levelEncoding: number;
  definitionBytes: number;
  repetitionBytes: number;
  compressed: boolean;
}

/** Reads those pages of a column chunk that hold rows from `start` up to `end` of its row group. */
export function* readPages(
  chunk: Uint8Array,
  rowCount: number,
  { start, end }: { readonly start: number; readonly end: number },
  reading: PageReading,
): Generator<PageRows> {
  let dictionary: PhysicalValues | undefined;
  let offset = 0;
  for (let row = 0; row < end; ) {
    const { head, bodyStart } = readHead(chunk, offset);
    const body = chunk.subarray(bodyStart, bodyStart + head.compressedBytes);
    offset = bodyStart + head.compressedBytes;
    if (head.type === DICTIONARY_PAGE) {
      dictionary = decodeDictionary(body, head, reading);
    } else if (head.type === DATA_PAGE || head.type === DATA_PAGE_V2) {
      const count = head.valueCount;
      if (count > rowCount - row) fail("a column has more values than there are rows");
      if (row + count > start && count > 0) {
        const page = head.type === DATA_PAGE ? splitFirst(body, head, reading) : splitSecond(body, head, reading);
        yield { start: row, count, levels: page.levels, ...decodePage(page, head, dictionary, reading) };
      }
      row += count;
    }
  }
}

export function readHead(chunk: Uint8Array, offset: number): { readonly head: PageHead; readonly bodyStart: number } {
  const reader = new ThriftReader(chunk, offset);
  const head: PageHead = {
    type: -1,
    expandedBytes: -1,
    compressedBytes: -1,
    valueCount: -1,
    nullCount: 0,
    encoding: -1,
    levelEncoding: RLE,
    definitionBytes: 0,
    repetitionBytes: 0,
    compressed: true,
  };
  const number = (key: Exclude<keyof PageHead, "compressed">) => (type: number) => {
    head[key] = reader.int(type);
  };
  const values = { 1: number("valueCount"), 2: number("encoding") };
  reader.struct({
    1: number("type"),
    2: number("expandedBytes"),
    3: number("compressedBytes"),
    5: (type) => reader.structOf(type, { ...values, 3: number("levelEncoding") }),
    7: (type) => reader.structOf(type, values),
    8: (type) =>
      reader.structOf(type, {
        1: number("valueCount"),
        2: number("nullCount"),
        4: number("encoding"),
        5: number("definitionBytes"),
        6: number("repetitionBytes"),
        7: (flag) => {
          head.compressed = reader.bool(flag);
        },
      }),
  });
  const isSound = head.expandedBytes >= 0 && head.compressedBytes >= 0;
  if (!isSound || reader.offset + head.compressedBytes > chunk.length) fail("a page is cut off");
  if (head.type !== 1 && head.valueCount < 0) fail("a page says no number of values");
  return { head, bodyStart: reader.offset };
}

export function expandPage(
  body: Uint8Array,
  head: PageHead,
  reading: PageReading,
  sizeBytes = head.expandedBytes,
): Uint8Array {
  return head.compressed ? reading.expand(body, sizeBytes) : body;
}

export function decodeDictionary(body: Uint8Array, head: PageHead, reading: PageReading): PhysicalValues {
  if (head.encoding !== PLAIN && head.encoding !== PLAIN_DICTIONARY) fail("a dictionary is in an unknown encoding");
  return decodePlain(expandPage(body, head, reading), reading.physical, head.valueCount);
}

interface SplitPage {
  readonly present: Uint8Array | undefined;
  readonly levels?: Uint8Array | undefined;
  readonly values: Uint8Array;
}

/** Decodes which rows are null, or for fields of structs, which part of them is. */
function decodeLevels(bytes: Uint8Array, most: number, count: number): Omit<SplitPage, "values"> {
  if (most === 1) return { present: decodeHybrid(bytes, 1, count) };
  const levels = Uint8Array.from(decodeHybrid(bytes, Math.ceil(Math.log2(most + 1)), count));
  if (levels.some((level) => level > most)) fail("a level is higher than its column is deep");
  return { present: levels.map((level) => (level === most ? 1 : 0)), levels };
}

/**
 * Splits a page of version 1, where the bits that say which rows are null are compressed together
 * with the values.
 */
function splitFirst(body: Uint8Array, head: PageHead, reading: PageReading): SplitPage {
  const bytes = expandPage(body, head, reading);
  if (reading.maxDefinition === 0) return { present: undefined, values: bytes };
  if (head.levelEncoding !== RLE) fail("which rows are null is in an unknown encoding");
  const size = prefixOf(bytes);
  const levels = decodeLevels(bytes.subarray(4, 4 + size), reading.maxDefinition, head.valueCount);
  return { ...levels, values: bytes.subarray(4 + size) };
}

/**
 * Splits a page of version 2, where the bits that say which rows are null come before the values
 * and are not compressed.
 */
function splitSecond(body: Uint8Array, head: PageHead, reading: PageReading): SplitPage {
  const { definitionBytes, repetitionBytes } = head;
  const levels = definitionBytes + repetitionBytes;
  if (!(repetitionBytes >= 0 && definitionBytes >= 0) || levels > body.length || levels > head.expandedBytes)
    fail("a page says more bytes of levels than it has");
  const values = expandPage(body.subarray(levels), head, reading, head.expandedBytes - levels);
  if (reading.maxDefinition === 0) return { present: undefined, values };
  // Some writers leave out the bits that say which rows are null if no row is null.
  if (definitionBytes === 0 && head.nullCount === 0) return { present: undefined, values };
  // The repetition levels are skipped: they mean nothing for a column that is not nested, but some
  // writers store them all the same.
  const definition = body.subarray(repetitionBytes, levels);
  return { ...decodeLevels(definition, reading.maxDefinition, head.valueCount), values };
}

export function prefixOf(bytes: Uint8Array): number {
  if (bytes.length < 4) fail("a page is cut off");
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (size > bytes.length - 4) fail("a page is cut off");
  return size;
}

export function decodePage(
  { present, values: bytes }: SplitPage,
  head: PageHead,
  dictionary: PhysicalValues | undefined,
  reading: PageReading,
): Pick<PageRows, "present" | "values" | "dictionary"> {
  let count = head.valueCount;
  if (present !== undefined) {
    count = 0;
    for (const bit of present) count += bit;
  }
  const some = count === head.valueCount ? undefined : present;
  if (head.encoding !== PLAIN_DICTIONARY && head.encoding !== RLE_DICTIONARY)
    return { present: some, values: decodeValues(bytes, head.encoding, count, reading), dictionary: undefined };
  if (dictionary === undefined) fail("a page refers to a dictionary that is not there");
  // A page without values may have no bytes at all, not even the bit width.
  const values = count === 0 ? new Uint8Array(0) : decodeHybrid(bytes.subarray(1), bytes[0] ?? 255, count);
  for (const index of values) if (index >>> 0 >= dictionary.length) fail("a value is not in the dictionary");
  return { present: some, values, dictionary };
}

function decodeValues(bytes: Uint8Array, encoding: number, count: number, reading: PageReading): PhysicalValues {
  const { physical, budget } = reading;
  const { type } = physical;
  if (count === 0) return [];
  if (encoding === PLAIN) return decodePlain(bytes, physical, count);
  if (encoding === RLE && type === PHYSICAL.boolean)
    return decodeHybrid(bytes.subarray(4, 4 + prefixOf(bytes)), 1, count);
  if (encoding === DELTA_BINARY_PACKED && (type === PHYSICAL.int32 || type === PHYSICAL.int64)) {
    const { values } = decodeDelta(bytes, count);
    // An INT32 column has the lower half of each number.
    return type === PHYSICAL.int64 ? values : lowerHalves(values);
  }
  if (encoding === DELTA_LENGTH_BYTE_ARRAY && type === PHYSICAL.bytes) return decodeDeltaLengths(bytes, count);
  if (encoding === DELTA_BYTE_ARRAY && (type === PHYSICAL.bytes || type === PHYSICAL.fixedBytes))
    return decodeDeltaBytes(bytes, count, budget);
  if (encoding === BYTE_STREAM_SPLIT) return decodeByteStreamSplit(bytes, physical, count);
  return fail(`a page is in encoding ${encoding}, which is unknown or not for its type`);
}

function lowerHalves(values: BigInt64Array): Int32Array {
  const halves = copyAligned(new Uint8Array(values.buffer), Int32Array);
  return Int32Array.from(values, (_, i) => halves[2 * i] ?? 0);
}

function fail(problem: string): never {
  throw new DecodeError("parquet", problem);
}
