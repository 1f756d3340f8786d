import type { ColumnType, ColumnValuesByType } from "../../table/column.ts";

/** The class of typed array for each type of column that has one. */
export const COLUMN_ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
  boolean: Uint8Array,
  date: Float64Array,
} as const;

/** A type of column whose values lie in a typed array. */
export type NumericColumnType = keyof typeof COLUMN_ARRAYS;

/** A type of column whose values are objects or strings. */
export type ListedColumnType = Exclude<ColumnType, NumericColumnType>;

export function isNumericColumnType(type: ColumnType): type is NumericColumnType {
  return Object.hasOwn(COLUMN_ARRAYS, type);
}

/** Returns how many bytes a row takes in memory, without the object or text that it refers to. */
export function rowBytesOf(type: ColumnType): number {
  return isNumericColumnType(type) ? COLUMN_ARRAYS[type].BYTES_PER_ELEMENT : 8;
}

/** The value that a column holds at a row without a value. */
export const NO_VALUE: { readonly [Type in ListedColumnType]: ColumnValuesByType[Type][number] } = {
  string: "",
  bytes: new Uint8Array(0),
  value: undefined,
  "int8[]": new Int8Array(0),
  "uint8[]": new Uint8Array(0),
  "int16[]": new Int16Array(0),
  "uint16[]": new Uint16Array(0),
  "int32[]": new Int32Array(0),
  "uint32[]": new Uint32Array(0),
  "int64[]": new BigInt64Array(0),
  "uint64[]": new BigUint64Array(0),
  "float32[]": new Float32Array(0),
  "float64[]": new Float64Array(0),
};
