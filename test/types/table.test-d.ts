import { expectTypeOf, test } from "vitest";
import { arrow } from "../../src/entry/formats/arrow.ts";
import { csv } from "../../src/entry/formats/csv.ts";
import { ndjson } from "../../src/entry/formats/ndjson.ts";
import { parquet } from "../../src/entry/formats/parquet.ts";
import { table } from "../../src/entry/formats/table.ts";
import { definePersistable } from "../../src/entry/index.ts";
import { type ColumnOf, type ColumnTable, tableFromRows } from "../../src/entry/table.ts";
import type { TableCodec } from "../../src/format/tabular/tabular.ts";
import { tabular } from "../../src/format/tabular/tabular-format.ts";
import type { ExactTextType } from "../../src/table/exact-text.ts";

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
  expectTypeOf(people.column("name")).toEqualTypeOf<
    ColumnOf<"string"> | ColumnOf<"value"> | { [Type in ExactTextType]: ColumnOf<Type> }[ExactTextType]
  >();
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
  // @ts-expect-error text is not a number
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
  // @ts-expect-error a name is not a date
  definePersistable({ name: "e", generate: () => [{ name: "x" }], format: dates });
  // @ts-expect-error nested values
  () => csv({ columns: { name: "value" } });
  // @ts-expect-error a delimiter of two characters
  () => csv({ delimiter: ", " });
});

test("the types that a format of records is told fit its records", () => {
  const types = { id: "int32", at: "date" } as const;
  const rows = [{ id: 1, at: new Date(0), note: "x" }];
  interface Visit {
    readonly id: number;
    readonly at: Date | null;
    readonly note: string;
  }
  const visits = async (): Promise<Visit[]> => rows;
  () => [
    definePersistable({ name: "a", format: parquet({ rows: true, types }), generate: () => rows }),
    definePersistable({ name: "a", format: arrow({ rows: true, types }), generate: visits }),
    definePersistable({ name: "a", format: table({ types }), generate: visits }),
    definePersistable({ name: "a", format: ndjson({ rows: true, types }), generate: () => [{ id: null, note: 1 }] }),
    definePersistable({ name: "a", format: parquet({ rows: true, types }), generate: () => [] }),
    definePersistable({
      name: "a",
      format: parquet({ rows: true, types: { id: "int32", at: "date" } }),
      generate: () => [{ id: 1, at: null, note: "x" }],
    }),
  ];
  const visit = definePersistable({ name: "a", format: parquet({ rows: true, types }), generate: visits });
  expectTypeOf(visit({}).payload).toEqualTypeOf<Promise<Visit[]>>();
  const texts = [{ id: "1", at: null }];
  // @ts-expect-error text is not an int32
  () => definePersistable({ name: "a", generate: () => texts, format: parquet({ rows: true, types }) });
  const days = [{ id: 1, at: "1970-01-01" }];
  // @ts-expect-error text is not a date
  () => definePersistable({ name: "a", generate: () => days, format: ndjson({ rows: true, types }) });
  // @ts-expect-error no such type
  () => parquet({ rows: true, types: { id: "int12" } });
  // @ts-expect-error tables have types
  () => arrow({ types });
  // @ts-expect-error tables have types
  () => table({ columns: true, types });
});
