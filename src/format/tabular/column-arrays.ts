import type { ColumnType } from "../../table/column.ts";
import { fieldsOf, isStructType } from "../../table/struct-type.ts";

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

export function isNumericColumnType(type: ColumnType): type is NumericColumnType {
  return Object.hasOwn(COLUMN_ARRAYS, type);
}

/**
 * Returns how many values of a row take an object or a text in memory, and how many bytes the row
 * takes without them. The fields of a struct count besides its record, with the marks of each.
 */
export function cellsOfType(type: ColumnType): { readonly listed: number; readonly bytes: number } {
  if (isNumericColumnType(type)) return { listed: 0, bytes: COLUMN_ARRAYS[type].BYTES_PER_ELEMENT };
  const cells = { listed: 1, bytes: 8 };
  if (!isStructType(type)) return cells;
  for (const [, field] of fieldsOf(type)) {
    const { listed, bytes } = cellsOfType(field);
    cells.listed += listed;
    cells.bytes += bytes + MARK_BYTES;
  }
  return cells;
}

/** A field has a mark for each row, and Parquet a level. */
const MARK_BYTES = 2;

/** Returns how many bytes a row takes in memory, without the objects and texts it refers to. */
export function rowBytesOf(type: ColumnType): number {
  return cellsOfType(type).bytes;
}
