import type { Column, ColumnType, ColumnValuesByType, NumberList, NumberListType } from "./column.ts";
import { type ExactTextType, isExactTextType } from "./exact-text.ts";
import { isStructType } from "./struct-type.ts";

/** Column types whose values are JavaScript numbers in a typed array. */
export const numberArrays = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  boolean: Uint8Array,
  date: Float64Array,
} as const;

/** Column types whose values are bigints in a typed array. */
export const bigintArrays = { int64: BigInt64Array, uint64: BigUint64Array } as const;

/** Column types of number lists, with the class of their lists. */
export const numberLists = {
  "int8[]": Int8Array,
  "uint8[]": Uint8Array,
  "int16[]": Int16Array,
  "uint16[]": Uint16Array,
  "int32[]": Int32Array,
  "uint32[]": Uint32Array,
  "int64[]": BigInt64Array,
  "uint64[]": BigUint64Array,
  "float32[]": Float32Array,
  "float64[]": Float64Array,
} as const;

export type NumberType = keyof typeof numberArrays;
export type BigintType = keyof typeof bigintArrays;
/** A typed array of numbers, as columns have them. */
export type NumberValues = ColumnValuesByType[NumberType];

const listTypes: readonly ColumnType[] = ["string", "bytes", "value"];
const columnTypes: ReadonlySet<unknown> = new Set([
  ...Object.keys(numberArrays),
  ...Object.keys(bigintArrays),
  ...Object.keys(numberLists),
  ...listTypes,
]);

/** Whether it is the name of a column type. */
export function isColumnType(type: unknown): type is ColumnType {
  return columnTypes.has(type) || (typeof type === "string" && (isExactTextType(type) || isStructType(type)));
}

export function isNumberType(type: ColumnType): type is NumberType {
  return Object.hasOwn(numberArrays, type);
}

export function isBigintType(type: ColumnType): type is BigintType {
  return type === "int64" || type === "uint64";
}

export function isNumberListType(type: ColumnType): type is NumberListType {
  return Object.hasOwn(numberLists, type);
}

export function isNumberListColumn(column: Column): column is Extract<Column, { readonly type: NumberListType }> {
  return isNumberListType(column.type);
}

export function isExactTextColumn(column: Column): column is Extract<Column, { readonly type: ExactTextType }> {
  return isExactTextType(column.type);
}

const NUMBER_LIST_TYPES: readonly NumberListType[] = [
  "float32[]",
  "float64[]",
  "int8[]",
  "uint8[]",
  "int16[]",
  "uint16[]",
  "int32[]",
  "uint32[]",
  "int64[]",
  "uint64[]",
];

/** The type of columns of such lists. `Uint8Array` has the type `bytes` unless it is declared. */
export function numberListTypeOf(list: unknown): NumberListType | undefined {
  if (!ArrayBuffer.isView(list)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(list);
  return NUMBER_LIST_TYPES.find((type) => numberLists[type].prototype === prototype);
}

export function isNumberList(value: unknown): value is NumberList {
  return numberListTypeOf(value) !== undefined;
}

const NO_BYTES = new Uint8Array(0);

/** The entry of `values` for a row that has no value. */
export function fillerOf(type: ColumnType): unknown {
  if (isNumberType(type)) return 0;
  if (isBigintType(type)) return 0n;
  if (isNumberListType(type)) return new numberLists[type](0);
  if (type === "value" || isStructType(type)) return undefined;
  return type === "bytes" ? NO_BYTES : "";
}

/** Joins numbers to one list, for a caller that knows that they are of the type. */
export function joinNumbers(type: NumberListType, pieces: readonly ArrayLike<unknown>[]): NumberList {
  const joined = new numberLists[type](pieces.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const piece of pieces) {
    joined.set(piece as never, place);
    place += piece.length;
  }
  return joined;
}

/** The type of the numbers in the lists of a column. */
export function elementTypeOf(type: NumberListType): Exclude<NumberType | BigintType, "boolean" | "date"> {
  return type.slice(0, -2) as Exclude<NumberType | BigintType, "boolean" | "date">;
}
