import type { Data, DataType } from "apache-arrow";
import { type Column, MARK, type NumberList, type NumberListType } from "../../table/column.ts";
import { isExactTextType } from "../../table/exact-text.ts";
import { columnsOfStruct, isStructColumn } from "../../table/struct-columns.ts";
import { isNumberListColumn, joinNumbers } from "../../table/typed-values.ts";
import { at } from "../../util/at.ts";
import { exactDataOf } from "./encode-exact-texts.ts";

interface Buffers {
  readonly data: ArrayBufferView;
  readonly valueOffsets?: Int32Array;
}

/**
 * Texts are encoded in groups, since one call for each text takes several times as long. A group
 * has at most this many texts, and at most {@link CHARACTERS_AT_ONCE} characters.
 */
const TEXTS_AT_ONCE = 4096;
const CHARACTERS_AT_ONCE = 2 ** 24;
/** Arrow's number for the type of a column that holds only nulls. */
const NULL = 1;
const NO_BYTES = new Uint8Array(0);

/** Some rows of a column. If its type is `value`, `texts` has their JSON. */
export interface RowsOfColumn {
  readonly start: number;
  readonly end: number;
  readonly texts: readonly string[] | undefined;
}

/** Builds the object of apache-arrow that holds some rows of a column. */
export function arrowDataOf(
  arrow: Pick<typeof import("apache-arrow"), "makeData">,
  type: DataType,
  column: Column,
  rows: RowsOfColumn,
): Data {
  const { start, end } = rows;
  const length = end - start;
  if (type.typeId === NULL) return arrow.makeData({ type, length } as never);
  const marks = column.marks?.subarray(start, end);
  const isNull = (row: number): boolean => marks !== undefined && marks[row] !== MARK.present;
  let nullCount = 0;
  for (let row = 0; row < length; row++) nullCount += isNull(row) ? 1 : 0;
  const nullBitmap = nullCount === 0 ? undefined : packBits(length, (row) => !isNull(row));
  const [item] = type.children ?? [];
  let buffers: object;
  if (isStructColumn(column)) {
    const part = { ...column, values: column.values.slice(start, end), marks };
    const children = columnsOfStruct(part).map((field, i) =>
      arrowDataOf(arrow, at(type.children, i).type, field, { start: 0, end: length, texts: undefined }),
    );
    buffers = { children };
  } else if (item !== undefined && isNumberListColumn(column))
    buffers = joinLists(arrow, item.type, column.type, column.values.slice(start, end), isNull);
  else buffers = buffersOf(column, rows, isNull);
  return arrow.makeData({ type, length, nullCount, nullBitmap, ...buffers } as never);
}

function buffersOf(
  { type, values }: Column,
  { start, end, texts = [] }: RowsOfColumn,
  isNull: (row: number) => boolean,
): Buffers {
  const length = end - start;
  if (type === "boolean") return { data: packBits(length, (row) => values[start + row] === 1) };
  if (type === "date") {
    const data = new BigInt64Array(length);
    for (let row = 0; row < length; row++) if (!isNull(row)) data[row] = BigInt(values[start + row] ?? 0);
    return { data };
  }
  if (type === "bytes")
    return joinBytes(values.slice(start, end).map((value, row) => (isNull(row) ? NO_BYTES : value)));
  if (type === "string") {
    const some = start === 0 && end === values.length ? values : values.slice(start, end);
    return joinTexts(some, isNull);
  }
  if (type === "value") return joinTexts(texts.slice(0, length), isNull);
  if (isExactTextType(type) && !ArrayBuffer.isView(values))
    return { data: exactDataOf(type, values.slice(start, end), isNull) };
  if (ArrayBuffer.isView(values)) return { data: values.subarray(start, end) };
  throw new Error(`a column of type ${type} has lists, which have no buffer of their own`);
}

/** Joins the lists of some rows to one column of numbers. */
function joinLists(
  arrow: Pick<typeof import("apache-arrow"), "makeData">,
  item: DataType,
  type: NumberListType,
  lists: readonly NumberList[],
  isNull: (row: number) => boolean,
): { readonly valueOffsets: Int32Array; readonly child: Data } {
  const present = lists.filter((_, row) => !isNull(row));
  const valueOffsets = new Int32Array(lists.length + 1);
  for (const [row, { length }] of lists.entries())
    valueOffsets[row + 1] = (valueOffsets[row] ?? 0) + (isNull(row) ? 0 : length);
  const data = joinNumbers(type, present);
  return { valueOffsets, child: arrow.makeData({ type: item, length: data.length, nullCount: 0, data } as never) };
}

function packBits(length: number, isSet: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let row = 0; row < length; row++) if (isSet(row)) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  return bits;
}

function joinBytes(list: readonly Uint8Array[]): Buffers {
  const valueOffsets = new Int32Array(list.length + 1);
  for (const [i, { length }] of list.entries()) valueOffsets[i + 1] = (valueOffsets[i] ?? 0) + length;
  const data = new Uint8Array(valueOffsets[list.length] ?? 0);
  for (const [i, bytes] of list.entries()) data.set(bytes, valueOffsets[i]);
  return { data, valueOffsets };
}

function joinTexts(list: readonly string[], isNull: (row: number) => boolean): Buffers {
  const valueOffsets = new Int32Array(list.length + 1);
  const pieces: Buffer[] = [];
  for (let start = 0; start < list.length; ) {
    const some: string[] = [];
    for (let characters = 0; start + some.length < list.length && some.length < TEXTS_AT_ONCE; ) {
      const text = isNull(start + some.length) ? "" : (list[start + some.length] ?? "");
      characters += text.length;
      if (characters > CHARACTERS_AT_ONCE && some.length > 0) break;
      some.push(text);
    }
    const joined = some.join("");
    const piece = Buffer.from(joined, "utf8");
    const isAscii = piece.length === joined.length;
    for (const [i, text] of some.entries()) {
      const size = isAscii ? text.length : Buffer.byteLength(text);
      valueOffsets[start + i + 1] = (valueOffsets[start + i] ?? 0) + size;
    }
    pieces.push(piece);
    start += some.length;
  }
  return { data: Buffer.concat(pieces), valueOffsets };
}
