import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { formatPath } from "../../errors/value-path.ts";
import type { StructType } from "../../table/column.ts";
import { type Column, type ColumnOf, MARK } from "../../table/column.ts";
import { ColumnBuilder } from "../../table/column-builder.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { columnsOfStruct, isStructColumn } from "../../table/struct-columns.ts";
import { isExactTextColumn } from "../../table/typed-values.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { hasExtraKeys } from "../own-keys.ts";
import { encodeStructured } from "../structured/encode-structured.ts";
import { planStructured } from "../structured/plan-structured.ts";
import { tryTableOfRows } from "../tabular/table-of-rows.ts";
import {
  ALIGNMENT,
  type ColumnData,
  type ColumnDescription,
  type Extent,
  HEAD_BYTES,
  headOf,
  TAIL_BYTES,
  TAIL_MAGIC,
  type TableDescription,
  type TextSegment,
  type Version,
} from "./table-file.ts";

/**
 * Texts are joined up to this many code units. A program that keeps one text keeps its joined
 * segment in memory, and not more.
 */
const SEGMENT_UNITS = 1 << 20;
const MAX_DICTIONARY = 1 << 16;
/**
 * If a column has few distinct texts in this many rows, it is taken for one that has few in all
 * rows.
 */
const SAMPLE = 1000;
/** Values that nest deeper may contain themselves. */
const MAX_NESTING = 60;
/** Records with more distinct keys are not stored as columns. */
const MAX_NESTED_KEYS = 200;

/**
 * Encodes a table. Numbers are views of where they lie in memory.
 *
 * @throws {@link UnsupportedPayloadError} for a value that `structured()` cannot hold
 */
export function encodeTable(table: ColumnTable): readonly Uint8Array[] {
  const file = new FileWriter();
  const columns = table.columns.map((column) => describeColumn(file, column, table.rowCount, 0));
  return file.finish({ rows: table.rowCount, columns });
}

/** The chunks of a file, and the offset of the next one. */
class FileWriter {
  readonly #chunks: Uint8Array[] = [];
  #end = HEAD_BYTES;
  /** The oldest version of the layout that has everything that was added to this file. */
  version: Version = 1;

  add(...pieces: readonly ArrayBufferView[]): Extent {
    const padding = (ALIGNMENT - (this.#end % ALIGNMENT)) % ALIGNMENT;
    if (padding > 0) this.#push(new Uint8Array(padding));
    const start = this.#end;
    for (const piece of pieces) this.#push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    return [start, this.#end - start];
  }

  finish(description: TableDescription): readonly Uint8Array[] {
    const [, sizeBytes] = this.add(Buffer.from(JSON.stringify(description)));
    const tail = new Uint8Array(TAIL_BYTES);
    new DataView(tail.buffer).setUint32(0, sizeBytes, true);
    tail.set(TAIL_MAGIC[this.version], 4);
    this.#push(tail);
    return [headOf(this.version), ...this.#chunks];
  }

  #push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#end += chunk.length;
  }
}

function describeColumn(file: FileWriter, column: Column, rowCount: number, depth: number): ColumnDescription {
  const { name, type, marks } = column;
  const data = describeValues(file, column, rowCount, depth);
  return { name, type, ...(marks === undefined ? {} : { marks: file.add(marks) }), data };
}

function describeValues(file: FileWriter, column: Column, rowCount: number, depth: number): ColumnData {
  if (column.type === "string") return describeTexts(file, column.values);
  if (column.type === "bytes") return { kind: "bytes", ...addLists(file, column.values) };
  if (column.type === "value") return describeAny(file, column, rowCount, depth);
  if (isExactTextColumn(column)) {
    file.version = 2;
    return describeTexts(file, column.values);
  }
  if (isStructColumn(column)) {
    file.version = 2;
    return describeStructs(file, column, depth);
  }
  if (ArrayBuffer.isView(column.values)) return { kind: "numbers", at: file.add(column.values) };
  file.version = 2;
  return { kind: "arrays", ...addLists(file, column.values) };
}

/** Stores the fields as columns, with a row for each row that has a record. */
function describeStructs(file: FileWriter, column: ColumnOf<StructType>, depth: number): ColumnData {
  const { name, type, values, marks } = column;
  const present = values.filter((_, row) => marks === undefined || marks[row] === MARK.present);
  const fields = columnsOfStruct({ name, type, values: present });
  const count = present.length;
  return { kind: "records", count, columns: fields.map((field) => describeColumn(file, field, count, depth + 1)) };
}

function describeTexts(file: FileWriter, texts: readonly string[]): ColumnData {
  const dictionary = tryDictionary(texts);
  if (dictionary === undefined) return { kind: "texts", texts: addTexts(file, texts) };
  const { indexes, distinct } = dictionary;
  const isSmall = distinct.length <= 256;
  const at = file.add(isSmall ? Uint8Array.from(indexes) : indexes);
  return { kind: "dictionary", at, width: isSmall ? 1 : 2, texts: addTexts(file, distinct) };
}

/** Returns `undefined` if a dictionary would not make the column smaller. */
function tryDictionary(texts: readonly string[]): { indexes: Uint16Array; distinct: string[] } | undefined {
  if (texts.length < 16) return undefined;
  const places = new Map<string, number>();
  const distinct: string[] = [];
  const indexes = new Uint16Array(texts.length);
  let last = "";
  let lastPlace = -1;
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row] ?? "";
    if (text !== last || lastPlace < 0) {
      let place = places.get(text);
      if (place === undefined) {
        if (distinct.length === MAX_DICTIONARY || (row >= SAMPLE && distinct.length > row / 2)) return undefined;
        place = distinct.length;
        places.set(text, place);
        distinct.push(text);
      }
      last = text;
      lastPlace = place;
    }
    indexes[row] = lastPlace;
  }
  return distinct.length > texts.length / 2 ? undefined : { indexes, distinct };
}

function addTexts(file: FileWriter, texts: readonly string[]): TextSegment[] {
  const segments: TextSegment[] = [];
  for (let start = 0; start < texts.length; ) {
    let end = start;
    let units = 0;
    const from = start;
    do units += (texts[end++] ?? "").length;
    while (end < texts.length && units + (texts[end] ?? "").length <= SEGMENT_UNITS);
    const ends = new Uint32Array(end - from);
    let filled = 0;
    for (let i = from; i < end; i++) {
      filled += (texts[i] ?? "").length;
      ends[i - from] = filled;
    }
    const joined = (from === 0 && end === texts.length ? texts : texts.slice(from, end)).join("");
    const isAscii = Buffer.byteLength(joined) === joined.length;
    const at = file.add(Buffer.from(joined, isAscii ? "latin1" : "utf16le"));
    segments.push({ count: end - from, width: isAscii ? 1 : 2, ends: file.add(ends), at });
    start = end;
  }
  return segments;
}

/** Adds lists one after the other, and for each how many elements there are up to its end. */
function addLists(
  file: FileWriter,
  lists: readonly (ArrayBufferView & { readonly length: number })[],
): { readonly ends: Extent; readonly at: Extent } {
  const ends = new Float64Array(lists.length);
  let filled = 0;
  for (let row = 0; row < lists.length; row++) {
    filled += lists[row]?.length ?? 0;
    ends[row] = filled;
  }
  return { ends: file.add(ends), at: file.add(...lists) };
}

/**
 * Stores records as columns, and lists as a column of their items, if all values are of one of
 * these kinds. Otherwise the values are stored as they are.
 */
function describeAny(file: FileWriter, column: ColumnOf<"value">, rowCount: number, depth: number): ColumnData {
  const { marks, values } = column;
  const present = marks === undefined ? values : values.filter((_, row) => marks[row] === MARK.present);
  if (present.length > 0) {
    if (depth > MAX_NESTING && present.some(isContainer))
      throw new UnsupportedPayloadError(
        "table",
        [],
        `nests its records and lists more than ${MAX_NESTING} levels deep, or in a circle`,
        "Use structured(), the default.",
      );
    const nested = describeRecords(file, present, depth) ?? describeLists(file, present, depth);
    if (nested !== undefined) return nested;
  }
  // The list has an element for every row, so that an error names the right row.
  const all =
    marks === undefined
      ? [...values]
      : Array.from({ length: rowCount }, (_, row) => (marks[row] === MARK.present ? values[row] : undefined));
  return { kind: "structured", at: file.add(...encodeAsTheyAre(all, column.name)) };
}

/**
 * Encodes values by the format `structured`, whose errors know the row but not the column: its name
 * is added to their path.
 */
function encodeAsTheyAre(values: readonly unknown[], name: string): readonly Uint8Array[] {
  try {
    return encodeStructured(planStructured(values, []));
  } catch (error) {
    if (!(error instanceof UnsupportedPayloadError)) throw error;
    const [row, ...inner] = error.path;
    const said = error.message.slice(formatPath("payload", error.path).length + 1);
    const [what = "", suggestion = ""] = said.split(", which the format structured cannot hold. ");
    throw new UnsupportedPayloadError("table", row === undefined ? [] : [row, name, ...inner], what, suggestion);
  }
}

/**
 * Stores records as columns, if all of them together have few distinct keys. Objects that have
 * another key in each row would need a column for each row.
 */
function describeRecords(file: FileWriter, values: readonly unknown[], depth: number): ColumnData | undefined {
  if (haveManyKeys(values)) return undefined;
  const table = tryTableOfRows(values, MAX_NESTED_KEYS);
  if (table === undefined || table.columns.length === 0) return undefined;
  const columns = table.columns.map((column) => describeColumn(file, column, values.length, depth + 1));
  return { kind: "records", count: values.length, columns };
}

/**
 * Returns whether the first records alone already have too many distinct keys. Without this look, a
 * full column would be made for each key before the keys are counted.
 */
function haveManyKeys(values: readonly unknown[]): boolean {
  const keys = new Set<string>();
  for (const value of values.slice(0, SAMPLE)) {
    if (!isContainer(value) || isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return false;
    for (const key in value) keys.add(key);
    if (keys.size > MAX_NESTED_KEYS) return true;
  }
  return false;
}

function describeLists(file: FileWriter, values: readonly unknown[], depth: number): ColumnData | undefined {
  const ends = new Float64Array(values.length);
  const lists: unknown[][] = [];
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    const list = values[row];
    if (!Array.isArray(list) || Object.getPrototypeOf(list) !== Array.prototype || hasExtraKeys(list)) return undefined;
    count += list.length;
    ends[row] = count;
    lists.push(list);
  }
  const builder = new ColumnBuilder("items", count);
  let place = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      // A hole differs from undefined.
      if (item === undefined && !Object.hasOwn(list, i)) return undefined;
      builder.push(place++, item);
    }
  }
  const items = builder.finish();
  return { kind: "lists", ends: file.add(ends), items: describeColumn(file, items, count, depth + 1), count };
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
