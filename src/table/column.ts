/** What a column holds. Numbers are `float64` unless somebody said otherwise; `value` is anything else, nested values among them. */
export type ColumnType = keyof ColumnValuesByType;

/** How the values of a column lie in memory, by its type. */
export interface ColumnValuesByType {
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  /** 0 or 1. */
  readonly boolean: Uint8Array;
  readonly string: readonly string[];
  /** Milliseconds since the epoch; NaN for an invalid Date. */
  readonly date: Float64Array;
  readonly bytes: readonly Uint8Array[];
  readonly value: readonly unknown[];
}

export type ColumnValues = ColumnValuesByType[ColumnType];

/** Some values of one type, in the order of the rows. */
export type Column = { readonly [Type in ColumnType]: ColumnOf<Type> }[ColumnType];

/** A column of one type. */
export interface ColumnOf<Type extends ColumnType> {
  readonly name: string;
  readonly type: Type;
  readonly values: ColumnValuesByType[Type];
  /** One mark for each row, where not every row has a value; what `values` holds at a row without one has no meaning. */
  readonly marks?: Uint8Array | undefined;
}

/** A column of these values, which the caller knows to be of this type. */
export function makeColumn(
  name: string,
  type: ColumnType,
  values: ArrayLike<unknown>,
  marks?: Uint8Array | undefined,
): Column {
  // No compiler sees that the type and the values belong together.
  return { name, type, values, ...(marks === undefined ? {} : { marks }) } as Column;
}

/** What a mark says of one row. */
export const MARK = {
  /** There is a value. */
  present: 0,
  /** It is null. */
  null: 1,
  /** The row has no such key. */
  absent: 2,
} as const;

/** The column types that can hold values of a type; what is null or missing is marked, and needs no type of its own. */
export type ColumnTypeOf<Value> = unknown extends Value
  ? ColumnType
  : [Exclude<Value, null | undefined>] extends [never]
    ? ColumnType
    : "value" | ScalarTypeOf<Exclude<Value, null | undefined>>;

type ScalarTypeOf<Value> = [Value] extends [number]
  ? "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32" | "float32" | "float64"
  : [Value] extends [bigint]
    ? "int64" | "uint64"
    : [Value] extends [boolean]
      ? "boolean"
      : [Value] extends [string]
        ? "string"
        : [Value] extends [Date]
          ? "date"
          : [Value] extends [Uint8Array]
            ? "bytes"
            : never;

/** A column that can hold values of a type. */
export type ColumnFor<Value> = { readonly [Type in ColumnTypeOf<Value>]: ColumnOf<Type> }[ColumnTypeOf<Value>];

/** What a cell of a column type is in a record. */
export type CellOf<Type extends ColumnType> = Type extends "boolean"
  ? boolean
  : Type extends "date"
    ? Date
    : ColumnValuesByType[Type][number];
