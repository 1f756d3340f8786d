import { expectTypeOf, test } from "vitest";
import type { TableCodec } from "../../src/format/tabular.ts";
import { tabular } from "../../src/format/tabular-format-of.ts";
import { csv } from "../../src/formats/csv.ts";
import { definePersistable } from "../../src/index.ts";
import { type ColumnOf, type ColumnTable, tableFromRows } from "../../src/table.ts";

interface Person {
  readonly name: string;
  readonly age?: number | null;
}
declare const people: ColumnTable<Person>;
declare const codec: TableCodec;

test("rows give a table of their type", () => {
  expectTypeOf(tableFromRows([{ a: 1 }])).toEqualTypeOf<ColumnTable<{ a: number }>>();
  expectTypeOf(tableFromRows([{ a: 1 }]).toRows()).toEqualTypeOf<{ a: number }[]>();
  expectTypeOf(people.rows()).toExtend<Iterable<Person>>();
  expectTypeOf(people.slice(1)).toEqualTypeOf<ColumnTable<Person>>();
  expectTypeOf(people.select(["name"])).toEqualTypeOf<ColumnTable<Pick<Person, "name">>>();
  // @ts-expect-error rows are objects
  () => tableFromRows([1]);
});

test("columns are known by their names and values", () => {
  expectTypeOf(people.column("name")).toEqualTypeOf<ColumnOf<"string"> | ColumnOf<"value">>();
  expectTypeOf<ColumnOf<"int8">>().toExtend<ReturnType<typeof age>>();
  const age = () => people.column("age");
  // @ts-expect-error numbers lie in no column of text
  expectTypeOf<ColumnOf<"string">>().toExtend<ReturnType<typeof age>>();
  // @ts-expect-error no such column
  () => people.column("size");
  // @ts-expect-error no such column
  () => people.select(["name", "size"]);
});

test("declared types fit the values", () => {
  () => tableFromRows([{ a: 1, b: "x", c: 1n }], { types: { a: "int32", c: "uint64" } });
  () => tableFromRows([{ a: 1 } as { a?: number | null }], { types: { a: "float32" } });
  () => tableFromRows([] as Record<string, unknown>[], { types: { a: "int32" } });
  // @ts-expect-error text
  () => tableFromRows([{ b: "x" }], { types: { b: "int32" } });
  // @ts-expect-error bigints
  () => tableFromRows([{ a: 1 }], { types: { a: "int64" } });
  // @ts-expect-error no such key
  () => tableFromRows([{ a: 1 }], { types: { b: "int32" } });
});

test("a table of narrower rows is one of wider rows, and not the other way", () => {
  const narrow = tableFromRows([{ a: 1 }]);
  () => [
    narrow satisfies ColumnTable<{ a: number | null }>,
    narrow satisfies ColumnTable<object>,
    narrow satisfies ColumnTable,
  ];
  // @ts-expect-error text is no number
  () => narrow satisfies ColumnTable<{ a: string }>;
  // @ts-expect-error there is no b
  () => narrow satisfies ColumnTable<{ a: number; b: string }>;
});

test("formats of tables serve tables of every row, and no records", () => {
  const define = { name: "people", generate: () => people };
  const table = definePersistable({ ...define, format: tabular(codec) });
  expectTypeOf(table().payload).resolves.toEqualTypeOf<ColumnTable<Person>>();
  const rows = definePersistable({
    name: "rows",
    generate: (): Person[] => [],
    format: tabular(codec, { rows: true }),
  });
  expectTypeOf(rows().payload).resolves.toEqualTypeOf<Person[]>();
  // @ts-expect-error records
  definePersistable({ name: "rows", generate: (): Person[] => [], format: tabular(codec) });
  // @ts-expect-error a table
  definePersistable({ ...define, format: tabular(codec, { rows: true }) });
});

test("csv holds what its columns say", () => {
  const rows = (): Person[] => [];
  const columns = { name: "string", age: "int32" } as const;
  const one = definePersistable({
    name: "a",
    generate: rows,
    format: csv({ columns: { name: "string" }, rows: true }),
  });
  expectTypeOf(one().payload).resolves.toEqualTypeOf<Person[]>();
  const full = definePersistable({
    name: "b",
    generate: () => [{ name: "x", age: 1 }],
    format: csv({ columns, rows: true }),
  });
  expectTypeOf(full().payload).resolves.toEqualTypeOf<{ name: string; age: number }[]>();
  const table = definePersistable({
    name: "c",
    generate: () => tableFromRows([{ name: "x", age: 1 }], { types: { age: "int32" } }),
    format: csv({ columns }),
  });
  expectTypeOf(table().payload).resolves.toEqualTypeOf<ColumnTable<{ name: string; age: number }>>();
  definePersistable({ name: "d", generate: (): Person[] => [], format: csv({ rows: true }) });
  const dates = csv({ columns: { name: "date" }, rows: true });
  // @ts-expect-error a name is no date
  definePersistable({ name: "e", generate: () => [{ name: "x" }], format: dates });
  // @ts-expect-error nested values
  () => csv({ columns: { name: "value" } });
  // @ts-expect-error a delimiter of two characters
  () => csv({ delimiter: ", " });
});
