import type { ExactTextType } from "./exact-text.ts";

/**
 * The type of the values of a column. Numbers are `float64` unless a program declares another type.
 * `value` holds what no other type holds, such as nested values.
 */
export type ColumnType = keyof ColumnValuesByType;

/**
 * How the lists of a column of number lists lie in memory, by its type. Every row has a typed array
 * of its own, of any length: `float32[]` is the type of a column of embeddings.
 */
export interface NumberListsByType {
  readonly "int8[]": readonly Int8Array[];
  readonly "uint8[]": readonly Uint8Array[];
  readonly "int16[]": readonly Int16Array[];
  readonly "uint16[]": readonly Uint16Array[];
  readonly "int32[]": readonly Int32Array[];
  readonly "uint32[]": readonly Uint32Array[];
  readonly "int64[]": readonly BigInt64Array[];
  readonly "uint64[]": readonly BigUint64Array[];
  readonly "float32[]": readonly Float32Array[];
  readonly "float64[]": readonly Float64Array[];
}

/** A column type whose every value is a list of numbers. */
export type NumberListType = keyof NumberListsByType;

/** The list of numbers of one row. */
export type NumberList = NumberListsByType[NumberListType][number];

/**
 * How dates and times without a zone and decimals lie in memory, by their type: as texts in the one
 * form that says them exactly.
 */
export type ExactTextsByType = { readonly [Type in ExactTextType]: readonly string[] };

declare const FIELDS: unique symbol;

/**
 * The type of a column of records that all have the same fields, each of one type. Its name says
 * them: `struct({"x":"float64","y":"float64"})`. `struct` makes it.
 */
export type StructType = `struct(${string})`;

/** A {@link StructType} whose fields the compiler knows. */
export type StructOf<Fields> = StructType & { readonly [FIELDS]: Fields };

/** How the values of a column lie in memory, by its type. */
export interface ColumnValuesByType extends NumberListsByType, ExactTextsByType {
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
  /** Plain records, each with all fields of the struct; a field may be null. */
  readonly [struct: StructType]: readonly Readonly<Record<string, unknown>>[];
}

export type ColumnValues = ColumnValuesByType[ColumnType];

/** A column of any type: its values in the order of the rows. */
export type Column = { readonly [Type in ColumnType]: ColumnOf<Type> }[ColumnType];

/** A column of one type. */
export interface ColumnOf<Type extends ColumnType> {
  readonly name: string;
  readonly type: Type;
  readonly values: ColumnValuesByType[Type];
  /**
   * One {@link MARK} for each row; absent if every row has a value. If a row has none, its entry in
   * `values` has no meaning.
   */
  readonly marks?: Uint8Array | undefined;
}

/** Makes a column of values that the caller knows to be of this type. */
export function makeColumn(
  name: string,
  type: ColumnType,
  values: ArrayLike<unknown>,
  marks?: Uint8Array | undefined,
): Column {
  // The compiler cannot see that the type and the values belong together.
  return { name, type, values, ...(marks === undefined ? {} : { marks }) } as Column;
}

/**
 * The marks of a row: whether it has a value in a column.
 *
 * @example
 * ```ts
 * import { MARK, tableFromRows } from "persistable-ts/table";
 *
 * const [note] = tableFromRows<{ note?: string | null }>([{ note: "a" }, { note: null }, {}]).columns;
 * console.log(note?.marks?.[1] === MARK.null, note?.marks?.[2] === MARK.absent); // true true
 * ```
 */
export const MARK = {
  /** The row has a value. */
  present: 0,
  /** The value of the row is `null`. */
  null: 1,
  /** The row has no such key. */
  absent: 2,
} as const;

/**
 * The column types that can hold values of this TypeScript type. `null` and missing values are
 * marked, so they need no column type.
 */
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
        ? "string" | ExactTextType
        : [Value] extends [Date]
          ? "date"
          : [Value] extends [Uint8Array]
            ? "bytes" | "uint8[]"
            : [Value] extends [ArrayBufferView | readonly unknown[]]
              ? NumberListTypeOf<Value>
              : [Value] extends [object]
                ? StructType
                : never;

type NumberListTypeOf<Value> = {
  readonly [Type in NumberListType]: [Value] extends [NumberListsByType[Type][number]] ? Type : never;
}[NumberListType];

/** A column that can hold values of this TypeScript type. */
export type ColumnFor<Value> = { readonly [Type in ColumnTypeOf<Value>]: ColumnOf<Type> }[ColumnTypeOf<Value>];

/** The TypeScript type of a cell in a record, for a column type. */
export type CellOf<Type extends ColumnType> =
  Type extends StructOf<infer Fields>
    ? { readonly [Name in keyof Fields]: Fields[Name] extends ColumnType ? CellOf<Fields[Name]> | null : never }
    : Type extends "boolean"
      ? boolean
      : Type extends "date"
        ? Date
        : ColumnValuesByType[Type][number];
