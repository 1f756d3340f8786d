import { DecodeError, DecodeLimitError, UndeclaredClassError } from "../../errors/format-errors.ts";
import { fitsColumn } from "../../table/cell-type.ts";
import { type Column, type ColumnType, type ColumnValues, MARK, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { isExactText, isExactTextType } from "../../table/exact-text.ts";
import { cellAt } from "../../table/read-cell.ts";
import { rowsFromColumns } from "../../table/rows-from-table.ts";
import { isStructType } from "../../table/struct-type.ts";
import {
  bigintArrays,
  isBigintType,
  isNumberListType,
  isNumberType,
  type NumberValues,
  numberArrays,
  numberLists,
} from "../../table/typed-values.ts";
import { copyAligned } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import { MAX_TIME } from "../instants.ts";
import { decodeStructured, nameClasses } from "../structured/decode-structured.ts";
import { descriptionPlace, expectFrame, parseDescription } from "./parse-description.ts";
import {
  type ColumnData,
  type ColumnDescription,
  type Extent,
  HEAD_BYTES,
  TAIL_BYTES,
  type TextSegment,
} from "./table-file.ts";

const NO_CLASSES = nameClasses([]);

/** Returns the bytes of an extent of the file. */
export type BytesAt = (extent: Extent) => Uint8Array;

/** Decodes a whole file. */
export function decodeTable(bytes: Uint8Array, limits: DecodeLimits): ColumnTable {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("table", "maxBytes", limits.maxBytes);
  expectFrame(bytes.subarray(0, HEAD_BYTES), bytes.subarray(-TAIL_BYTES));
  const description = parseDescription(
    bytes.subarray(...descriptionPlace(bytes.length, bytes.subarray(-TAIL_BYTES))),
    bytes.length,
    limits,
  );
  const columns = description.columns.map((column) =>
    decodeColumn(column, description.rows, ([start, size]) => bytes.subarray(start, start + size), limits),
  );
  return new ColumnTable(columns, description.rows);
}

/** Returns every extent that a column needs. */
export function extentsOf({ marks, data }: ColumnDescription): Extent[] {
  const own: Extent[] = marks === undefined ? [] : [marks];
  const ofTexts = (texts: readonly TextSegment[]): Extent[] => texts.flatMap(({ ends, at }) => [ends, at]);
  switch (data.kind) {
    case "texts":
      return [...own, ...ofTexts(data.texts)];
    case "dictionary":
      return [...own, data.at, ...ofTexts(data.texts)];
    case "bytes":
    case "arrays":
      return [...own, data.ends, data.at];
    case "records":
      return [...own, ...data.columns.flatMap(extentsOf)];
    case "lists":
      return [...own, data.ends, ...extentsOf(data.items)];
    default:
      return [...own, data.at];
  }
}

/** Decodes a column. Numbers are views of the bytes. */
export function decodeColumn(column: ColumnDescription, rows: number, bytesAt: BytesAt, limits: DecodeLimits): Column {
  const { name, type } = column;
  const marks = column.marks === undefined ? undefined : decodeMarks(bytesAt(column.marks));
  const values = decodeValues(column, rows, marks, bytesAt, limits);
  return makeColumn(name, type, values, marks);
}

function decodeMarks(marks: Uint8Array): Uint8Array {
  for (let row = 0; row < marks.length; row++) if ((marks[row] ?? 0) > MARK.absent) refuse("a mark is none");
  return marks;
}

function decodeValues(
  { type, data }: ColumnDescription,
  rows: number,
  marks: Uint8Array | undefined,
  bytesAt: BytesAt,
  limits: DecodeLimits,
): ColumnValues {
  switch (data.kind) {
    case "numbers":
      return numbersOf(type, bytesAt(data.at), marks);
    case "texts":
      return expectForm(type, decodeTexts(data.texts, bytesAt), marks);
    case "dictionary":
      return expectForm(type, decodeDictionary(data, bytesAt), marks);
    case "bytes":
      return decodeBytes(bytesAt(data.at), copyAligned(bytesAt(data.ends), Float64Array));
    case "arrays":
      return decodeArrays(type, bytesAt(data.at), copyAligned(bytesAt(data.ends), Float64Array));
    default:
      return expectStructs(type, spread(decodeAny(data, rows, bytesAt, limits), data.kind, rows, marks), marks);
  }
}

function numbersOf(type: ColumnType, bytes: Uint8Array, marks: Uint8Array | undefined): NumericValues {
  if (!isNumberType(type) && !isBigintType(type)) return refuse(`a column of type ${type} has numbers`);
  const View: NumberArray = isBigintType(type) ? bigintArrays[type] : numberArrays[type];
  const values = copyAligned<NumericValues>(bytes, View);
  // A row without a value may hold any number, which has no meaning and is not checked.
  const isWrong = type === "boolean" ? isNoBoolean : type === "date" ? isNoTime : undefined;
  if (isWrong === undefined) return values;
  for (let row = 0; row < values.length; row++)
    if (isWrong(Number(values[row])) && (marks === undefined || marks[row] === MARK.present))
      refuse(`a ${type} is none`);
  return values;
}

function isNoBoolean(value: number): boolean {
  return value > 1;
}

/** Dates may be invalid, that is NaN, which other formats refuse. */
function isNoTime(time: number): boolean {
  const isTime = Math.abs(time) <= MAX_TIME && Math.trunc(time) === time && !Object.is(time, -0);
  return !isTime && !Number.isNaN(time);
}

type NumericValues = NumberValues | BigInt64Array | BigUint64Array;

/** A view of numbers of some kind. */
interface NumberArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): NumericValues;
}

function decodeTexts(segments: readonly TextSegment[], bytesAt: BytesAt): string[] {
  const texts = new Array<string>(segments.reduce((sum, { count }) => sum + count, 0));
  let place = 0;
  for (const segment of segments) {
    const bytes = bytesAt(segment.at);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const joined = buffer.toString(segment.width === 1 ? "latin1" : "utf16le");
    const ends = copyAligned(bytesAt(segment.ends), Uint32Array);
    let start = 0;
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] ?? 0;
      if (end < start || end > joined.length) refuse("a text ends before it begins");
      texts[place++] = joined.substring(start, end);
      start = end;
    }
  }
  return texts;
}

function decodeDictionary(data: Extract<ColumnData, { kind: "dictionary" }>, bytesAt: BytesAt): string[] {
  const distinct = decodeTexts(data.texts, bytesAt);
  const indexes = data.width === 1 ? bytesAt(data.at) : copyAligned(bytesAt(data.at), Uint16Array);
  let highest = -1;
  for (let row = 0; row < indexes.length; row++) highest = Math.max(highest, indexes[row] ?? 0);
  if (highest >= distinct.length) refuse("a row has a text that is not in the dictionary");
  const texts = new Array<string>(indexes.length);
  for (let row = 0; row < indexes.length; row++) texts[row] = distinct[indexes[row] ?? 0] ?? "";
  return texts;
}

/** Refuses texts that do not have the form of their type. */
function expectForm(type: ColumnType, texts: string[], marks: Uint8Array | undefined): string[] {
  if (!isExactTextType(type)) return texts;
  for (let row = 0; row < texts.length; row++)
    if ((marks === undefined || marks[row] === MARK.present) && !isExactText(type, texts[row] ?? ""))
      refuse(`a ${type} is none`);
  return texts;
}

/** Refuses records that do not have the fields of their struct. */
function expectStructs(type: ColumnType, records: unknown[], marks: Uint8Array | undefined): unknown[] {
  if (!isStructType(type)) return records;
  for (let row = 0; row < records.length; row++)
    if ((marks === undefined || marks[row] === MARK.present) && !fitsColumn(type, records[row]))
      refuse(`a ${type} is none`);
  return records;
}

function decodeBytes(bytes: Uint8Array, ends: Float64Array): Uint8Array[] {
  // Each value is a copy with a buffer of its own. As views of one buffer, the values would share
  // their changes, and each would keep the whole buffer in memory.
  return cutAt(ends, bytes.length, "value", (start, end) => bytes.slice(start, end));
}

/** Decodes lists of numbers. Each list is a copy, like each value of a column of bytes. */
function decodeArrays(type: ColumnType, bytes: Uint8Array, ends: Float64Array): NumericValues[] {
  if (!isNumberListType(type)) return refuse(`a column of type ${type} has lists of numbers`);
  const List: NumberArray = numberLists[type];
  const width = List.BYTES_PER_ELEMENT;
  if (bytes.length % width !== 0) refuse("a list of numbers is cut off");
  return cutAt(ends, bytes.length / width, "list", (start, end) => {
    const { buffer } = new Uint8Array(bytes.subarray(start * width, end * width));
    return new List(buffer, 0, end - start);
  });
}

/** Cuts pieces that lie one after the other, each from the end of the one before. */
function cutAt<Piece>(
  ends: Float64Array,
  length: number,
  what: string,
  cut: (start: number, end: number) => Piece,
): Piece[] {
  let start = 0;
  return Array.from(ends, (end) => {
    if (!(end >= start) || end > length || !Number.isInteger(end)) refuse(`a ${what} ends before it begins`);
    const piece = cut(start, end);
    start = end;
    return piece;
  });
}

function decodeAny(data: ColumnData, rows: number, bytesAt: BytesAt, limits: DecodeLimits): unknown[] {
  if (data.kind === "records") {
    const columns = data.columns.map((column) => decodeColumn(column, data.count, bytesAt, limits));
    return rowsFromColumns(columns, 0, data.count);
  }
  if (data.kind === "lists") return decodeLists(data, bytesAt, limits);
  if (data.kind !== "structured") return refuse("values are of no kind");
  const bytes = bytesAt(data.at);
  const values = decodeNested(bytes, limits);
  if (!Array.isArray(values) || values.length !== rows || hasHoles(values))
    return refuse(`a column has no list of ${rows} values`);
  return values;
}

function hasHoles(list: readonly unknown[]): boolean {
  for (let i = 0; i < list.length; i++) if (list[i] === undefined && !Object.hasOwn(list, i)) return true;
  return false;
}

function decodeNested(bytes: Uint8Array, limits: DecodeLimits): unknown {
  try {
    // The segments of `structured` are aligned to 64 bytes, counted from its own beginning.
    return decodeStructured(bytes.byteOffset % 64 === 0 ? bytes : new Uint8Array(bytes), limits, NO_CLASSES);
  } catch (cause) {
    if (cause instanceof UndeclaredClassError)
      throw new DecodeError("table", "they hold an instance of a class", { cause });
    throw cause;
  }
}

function decodeLists(
  data: Extract<ColumnData, { kind: "lists" }>,
  bytesAt: BytesAt,
  limits: DecodeLimits,
): unknown[][] {
  const ends = copyAligned(bytesAt(data.ends), Float64Array);
  const items = decodeColumn(data.items, data.count, bytesAt, limits);
  const all = cellsOf(items, data.count);
  return cutAt(ends, data.count, "list", (start, end) => all.slice(start, end));
}

function cellsOf(column: Column, count: number): unknown[] {
  const { marks } = column;
  const cells = new Array<unknown>(count);
  for (let row = 0; row < count; row++)
    cells[row] = marks !== undefined && marks[row] !== MARK.present ? null : cellAt(column, row);
  return cells;
}

/** Moves the values to the rows that have one. */
function spread(values: unknown[], kind: ColumnData["kind"], rows: number, marks: Uint8Array | undefined): unknown[] {
  if (kind === "structured") return values;
  if (marks === undefined)
    return values.length === rows ? values : refuse(`a column has ${values.length} values for ${rows} rows`);
  const all = new Array<unknown>(rows).fill(undefined);
  let next = 0;
  for (let row = 0; row < rows; row++) if (marks[row] === MARK.present) all[row] = values[next++];
  return next === values.length ? all : refuse("a column has other marks than values");
}

function refuse(problem: string): never {
  throw new DecodeError("table", problem);
}
