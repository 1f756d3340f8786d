import type { ColumnType, ColumnValuesByType } from "./column.ts";

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

export type NumberType = keyof typeof numberArrays;
export type BigintType = keyof typeof bigintArrays;
/** A typed array of numbers, as columns have them. */
export type NumberValues = ColumnValuesByType[NumberType];

const listTypes: readonly ColumnType[] = ["string", "bytes", "value"];
const columnTypes: ReadonlySet<unknown> = new Set([
  ...Object.keys(numberArrays),
  ...Object.keys(bigintArrays),
  ...listTypes,
]);

/** Whether it is the name of a column type. */
export function isColumnType(type: unknown): type is ColumnType {
  return columnTypes.has(type);
}

export function isNumberType(type: ColumnType): type is NumberType {
  return Object.hasOwn(numberArrays, type);
}

export function isBigintType(type: ColumnType): type is BigintType {
  return type === "int64" || type === "uint64";
}
