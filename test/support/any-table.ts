import fc from "fast-check";
import { COLUMN_ARRAYS, isNumericColumnType } from "../../src/format/tabular/column-arrays.ts";
import type { Column, ColumnType, StructType } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import type { ExactTextType } from "../../src/table/exact-text.ts";
import { type StructFields, struct } from "../../src/table/struct-columns.ts";
import { fieldsOf, isStructType } from "../../src/table/struct-type.ts";
import { fillerOf } from "../../src/table/typed-values.ts";
import { exactTexts } from "./any-exact-text.ts";

/** A value of each type of column, with the corners more often than chance would have them. */
const cells: { readonly [Type in Exclude<ColumnType, "value" | ExactTextType | StructType>]: fc.Arbitrary<unknown> } = {
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.integer({ min: 0, max: 255 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float32: fc.oneof(fc.float(), fc.constantFrom(0, -0, 1)),
  float64: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1)),
  boolean: fc.integer({ min: 0, max: 1 }),
  string: fc.oneof(
    fc.string({ unit: "grapheme-composite" }),
    fc.constantFrom("", "\ufeffx", "a\u0000b", "\u{1f600}", "\ud7ff\ue000"),
  ),
  date: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(0, 1, 1.6e12)),
  bytes: fc.uint8Array({ maxLength: 20 }),
  "int8[]": fc.int8Array({ maxLength: 5 }),
  "uint8[]": fc.uint8Array({ maxLength: 5 }),
  "int16[]": fc.int16Array({ maxLength: 5 }),
  "uint16[]": fc.uint16Array({ maxLength: 5 }),
  "int32[]": fc.int32Array({ maxLength: 5 }),
  "uint32[]": fc.uint32Array({ maxLength: 5 }),
  "int64[]": fc.bigInt64Array({ maxLength: 5 }),
  "uint64[]": fc.bigUint64Array({ maxLength: 5 }),
  "float32[]": fc.float32Array({ maxLength: 5 }),
  "float64[]": fc.oneof(fc.float64Array({ maxLength: 5 }), fc.constant(Float64Array.of(0, -0, Number.NaN))),
};

const json = fc
  .json({ maxDepth: 3 })
  .map((text) => JSON.parse(text.replaceAll(/-0(?![.\d])/g, "0")) as unknown)
  .filter((value) => JSON.stringify(value)?.includes("-0") !== true);

const arbitraries: ReadonlyMap<ColumnType, fc.Arbitrary<unknown>> = new Map([
  ...(Object.entries(cells) as [ColumnType, fc.Arbitrary<unknown>][]),
  ...exactTexts,
  anyStruct({ n: "int64", t: "string", "a.b": "float64" }),
  anyStruct({ b: "boolean", when: "date", in: struct({ raw: "bytes", day: "plainDate", f: "float32" }) }),
]);

/** The values of a field of a struct, as its records have them. */
function fieldOf(type: ColumnType): fc.Arbitrary<unknown> {
  if (type === "boolean") return fc.boolean();
  if (type === "date") return fc.date({ noInvalidDate: true });
  if (isStructType(type)) return anyStruct(Object.fromEntries(fieldsOf(type)) as StructFields)[1];
  return (
    new Map<ColumnType, fc.Arbitrary<unknown>>([
      ...(Object.entries(cells) as [ColumnType, fc.Arbitrary<unknown>][]),
      ...exactTexts,
    ]).get(type) ?? fc.constant(null)
  );
}

function anyStruct(fields: StructFields): [ColumnType, fc.Arbitrary<unknown>] {
  const entries = Object.entries(fields).map(([name, type]) => [name, fc.option(fieldOf(type), { freq: 4 })] as const);
  return [struct(fields), fc.record(Object.fromEntries(entries), { noNullPrototype: true })];
}

/** A column of a type with `rowCount` rows, some of them null. Few different values, or many. */
function anyColumn(name: string, type: ColumnType, rowCount: number): fc.Arbitrary<Column> {
  const cell = arbitraries.get(type) ?? json;
  const few = fc.array(cell, { minLength: 1, maxLength: 3 }).chain((some) => fc.constantFrom(...some));
  const list = fc.oneof(
    fc.array(cell, { minLength: rowCount, maxLength: rowCount }),
    fc.array(few, { minLength: rowCount, maxLength: rowCount }),
  );
  const mark = fc.constantFrom(0, 0, 0, 1);
  const marks = fc.option(fc.array(mark, { minLength: rowCount, maxLength: rowCount }), { nil: undefined });
  return fc.tuple(list, marks).map(([values, given]) => {
    const Typed = isNumericColumnType(type) ? COLUMN_ARRAYS[type] : undefined;
    const filled = values.map((value, row) => {
      if (given?.[row] !== 1) return value;
      return fillerOf(type);
    });
    const typed = Typed === undefined ? filled : new (Typed as unknown as new (from: unknown[]) => unknown)(filled);
    const column = { name, type, values: typed } as Column;
    return given === undefined ? column : { ...column, marks: Uint8Array.from(given) };
  });
}

const types: readonly ColumnType[] = [...arbitraries.keys(), "value"];

/** Tables of any columns. */
export const anyTable: fc.Arbitrary<ColumnTable> = fc
  .tuple(
    fc.integer({ min: 0, max: 40 }),
    fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom("__proto__", "", "a.b", "\ufeffc", "toString")), {
      maxLength: 6,
    }),
    fc.array(fc.constantFrom(...types), { minLength: 6, maxLength: 6 }),
  )
  .chain(([rowCount, names, chosen]) =>
    fc
      .tuple(...names.map((name, i) => anyColumn(name, chosen[i] ?? "float64", rowCount)))
      .map((columns) => new ColumnTable(columns, rowCount)),
  );

/** One column of each type, some of them with nulls. */
export function everyType(rowCount: number): fc.Arbitrary<ColumnTable> {
  return fc
    .tuple(...types.map((type) => anyColumn(`of ${type}`, type, rowCount)))
    .map((columns) => new ColumnTable(columns, rowCount));
}
