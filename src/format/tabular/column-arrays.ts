import type { ColumnType } from "../../table/column.ts";

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
