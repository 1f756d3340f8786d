import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assertColumnTable,
  type Column,
  ColumnTable,
  type ColumnType,
  InvalidColumnTableError,
  MARK,
  tableFromRows,
} from "../../src/entry/table.ts";
import { comparableRows } from "../support/comparable-rows.ts";

/** Cells of every type a column can have, and some that none has. */
const cell = fc.oneof(
  fc.double(),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 3 }),
  fc.constantFrom(null, undefined, -0, Number.NaN, "", 0n, new Date(Number.NaN)),
  fc.array(fc.integer(), { maxLength: 2 }),
  fc.record({ a: fc.integer() }),
);
const keys = fc.constantFrom("a", "b", "__proto__", "1", "", "constructor");
const record = fc.array(fc.tuple(keys, cell)).map((entries) => Object.fromEntries(entries));

describe("rows", () => {
  test("come back as they were, whatever is in them", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (rows) => {
        const table = tableFromRows(rows);
        assertColumnTable(table);
        expect(comparableRows(table.toRows())).toStrictEqual(comparableRows(rows));
        expect(comparableRows([...table.rows()])).toStrictEqual(comparableRows(rows));
        const columns = table.columns.map(({ name }) => name);
        expect(comparableRows(table.select(columns).slice(0, rows.length).toRows())).toStrictEqual(
          comparableRows(rows),
        );
        expect(comparableRows(table.slice(1, 3).toRows())).toStrictEqual(comparableRows(rows.slice(1, 3)));
        assertColumnTable(table.slice(-2));
        expect(({} as { a?: unknown }).a).toBeUndefined();
      }),
    );
  });

  test("of one type of values each come back as they were", () => {
    const optional = (arbitrary: fc.Arbitrary<unknown>) => fc.option(arbitrary, { freq: 5 });
    const row = fc.record(
      {
        n: optional(fc.double()),
        s: optional(fc.string()),
        d: optional(fc.date()),
        i: optional(fc.bigInt({ min: -9n, max: 9n })),
        b: optional(fc.boolean()),
        u: optional(fc.uint8Array()),
      },
      { requiredKeys: ["n"], noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const table = tableFromRows(rows);
        expect(table.toRows()).toStrictEqual(rows);
        for (const { name, type, values } of table.columns) {
          const expected = { n: "float64", s: "string", d: "date", i: "int64", b: "boolean", u: "bytes" }[name];
          const isEmpty = rows.every((each) => (each as Record<string, unknown>)[name] == null);
          expect(type).toBe(isEmpty ? "value" : expected);
          expect(values).toHaveLength(rows.length);
        }
      }),
    );
  });

  test("give columns the types that their values ask for", () => {
    const big = 2n ** 63n;
    const table = tableFromRows([
      {
        n: 1,
        i: 1n,
        u: big,
        mixed: 1,
        s: "x",
        t: true,
        at: new Date(5),
        raw: Uint8Array.of(1),
        nothing: null,
        list: [1],
      },
      {
        n: -0,
        i: -big,
        u: 1n,
        mixed: "x",
        s: "",
        t: false,
        at: new Date(Number.NaN),
        raw: new Uint8Array(0),
        nothing: null,
        list: { a: 1 },
      },
    ]);
    expect(Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))).toEqual({
      n: "float64",
      i: "int64",
      u: "value",
      mixed: "value",
      s: "string",
      t: "boolean",
      at: "date",
      raw: "bytes",
      nothing: "value",
      list: "value",
    });
    expect(table.column("n").values).toEqual(Float64Array.of(1, -0));
    expect(table.column("t").values).toEqual(Uint8Array.of(1, 0));
    expect(table.column("at").values).toEqual(Float64Array.of(5, Number.NaN));
    expect(table.column("mixed").values).toEqual([1, "x"]);
    expect(table.column("nothing").marks).toEqual(Uint8Array.of(MARK.null, MARK.null));
    expect("marks" in table.column("n")).toBe(false);
  });

  test("tell null, a missing key and undefined apart", () => {
    const rows: { a?: number | null | undefined }[] = [{}, { a: null }, { a: undefined }, { a: 1 }, {}];
    const table = tableFromRows(rows);
    expect(table.column("a")).toEqual({
      name: "a",
      type: "value",
      values: [undefined, undefined, undefined, 1, undefined],
      marks: Uint8Array.of(MARK.absent, MARK.null, MARK.present, MARK.present, MARK.absent),
    });
    expect(table.toRows()).toStrictEqual(rows);
    expect(tableFromRows([{}, {}]).toRows()).toStrictEqual([{}, {}]);
  });

  test("whose cells are of a subclass keep it", () => {
    class Day extends Date {}
    const table = tableFromRows([{ day: new Day(0), raw: Buffer.from("x") }]);
    expect(table.columns.map(({ type }) => type)).toEqual(["value", "value"]);
  });

  test.each([
    [null, /rows\[1\] is null/],
    [new Date(0), /rows\[1\] is an instance of Date/],
    [[1], /rows\[1\] is an array/],
    [Object.create(null), /rows\[1\] is an object without a prototype/],
    [5, /rows\[1\] is 5/],
  ])("that are no plain records are refused: %s", (row, message) => {
    expect(() => tableFromRows([{ a: 1 }, row as object])).toThrow(InvalidColumnTableError);
    expect(() => tableFromRows([{ a: 1 }, row as object])).toThrow(message);
  });
});

describe("declared types", () => {
  const held: readonly (readonly [ColumnType, readonly unknown[], readonly unknown[]])[] = [
    ["int8", [-128, 127], [128, 1.5, -0, Number.NaN, "1", 1n]],
    ["uint8", [0, 255], [-1, 256]],
    ["int16", [-32_768], [32_768]],
    ["uint16", [65_535], [-1]],
    ["int32", [-(2 ** 31)], [2 ** 31]],
    ["uint32", [2 ** 32 - 1], [2 ** 32]],
    ["int64", [-(2n ** 63n)], [2n ** 63n, 1]],
    ["uint64", [2n ** 64n - 1n], [-1n, 2n ** 64n, 1]],
    ["float32", [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY], [0.1]],
    ["float64", [0.1, -0], [1n, "1"]],
    ["boolean", [true, false], [1, 0]],
    ["string", ["", "x"], [1]],
    ["date", [new Date(0), new Date(Number.NaN)], [0, "2020-01-01"]],
    ["bytes", [Uint8Array.of(1)], [[1], Buffer.from("x"), Uint16Array.of(1)]],
    ["value", [1, "x", undefined, 1n], []],
  ];

  test.each(held)("%s holds what fits, and refuses what it would change", (type, fits, others) => {
    const rows = [...fits.map((a) => ({ a })), { a: null }, {}] as { a?: unknown }[];
    const table = tableFromRows(rows, { types: { a: type } });
    expect(table.column("a").type).toBe(type);
    assertColumnTable(table);
    expect(table.toRows()).toStrictEqual(rows);
    for (const a of type === "value" ? [] : [...others, undefined])
      expect(() => tableFromRows([{ a: null }, { a }], { types: { a: type } as object })).toThrow(
        /rows\[1\]\.a is .*cannot hold/,
      );
  });

  test("make columns that no row has", () => {
    const table = tableFromRows<{ a?: number }>([], { types: { a: "int16" } });
    expect(table.column("a").values).toEqual(new Int16Array(0));
    const sparse = tableFromRows<{ a?: string }>([{}, {}], { types: { a: "string" } });
    expect(sparse.column("a").values).toEqual(["", ""]);
    expect(sparse.toRows()).toStrictEqual([{}, {}]);
  });

  test("that do not exist are refused", () => {
    expect(() => tableFromRows([{ a: 1 }], { types: { a: "toString" as "value" } })).toThrow(
      /table\.a has the type "toString"/,
    );
  });
});

describe("a part of a table", () => {
  const table = tableFromRows([
    { a: 1, b: "x", c: true },
    { a: 2, b: null, c: true },
    { a: 3, b: "z", c: false },
  ]);

  test("has the columns that are asked for, in that order", () => {
    expect(table.select(["c", "a"]).columns.map(({ name }) => name)).toEqual(["c", "a"]);
    expect(() => table.select(["a", "a"])).toThrow(/table\.a is selected twice/);
    expect(() => table.select(["d" as "a"])).toThrow(/table\.d is not a column\. The columns are: "a", "b", "c"/);
    expect(() => table.column("d" as "a")).toThrow(InvalidColumnTableError);
  });

  test.each([
    [0, 2],
    [1, undefined],
    [-1, undefined],
    [0, -1],
    [2, 1],
    [5, 9],
    [-9, 1],
    [Number.NaN, 2],
  ])("has the rows from %d to %s, as of an array", (start, end) => {
    expect(table.slice(start, end).toRows()).toStrictEqual(table.toRows().slice(start, end));
  });

  test("shares memory, and drops marks that mark nothing", () => {
    const part = table.slice(2);
    expect((part.column("a").values as Float64Array).buffer).toBe((table.column("a").values as Float64Array).buffer);
    expect("marks" in part.column("b")).toBe(false);
  });
});

describe("a broken table is refused with the place", () => {
  const good: Column = { name: "a", type: "float64", values: Float64Array.of(1, 2) };
  test.each<[string, unknown, RegExp]>([
    ["no table", {}, /^table is not a ColumnTable/],
    ["a subclass", new (class extends ColumnTable {})([], 0), /is not a ColumnTable/],
    ["a row count", new ColumnTable([], -1), /table\.rowCount/],
    ["no list", new ColumnTable(undefined as unknown as [], 0), /table\.columns is not an array/],
    ["no column", new ColumnTable([null as unknown as Column], 0), /table\.columns\[0\] is not a column/],
    ["a length", new ColumnTable([good], 3), /table\.a\.values has 2 values where there are 3 rows/],
    ["two names", new ColumnTable([good, good], 2), /table\.columns\[1\] has the name of another column, "a"/],
    [
      "a type",
      new ColumnTable([{ ...good, type: "int7" } as unknown as Column], 2),
      /table\.a\.type is not a column type/,
    ],
    [
      "an array of another type",
      new ColumnTable([{ ...good, type: "int8" } as unknown as Column], 2),
      /table\.a\.values is not an instance of Int8Array/,
    ],
    ["a name", new ColumnTable([{ ...good, name: 1 } as unknown as Column], 2), /table\.columns\[0\]\.name/],
    ["another key", new ColumnTable([{ ...good, unit: "m" } as Column], 2), /table\.a\.unit is not a part of a column/],
    [
      "a short list of marks",
      new ColumnTable([{ ...good, marks: Uint8Array.of(1) }], 2),
      /table\.a\.marks has 1 marks/,
    ],
    [
      "marks of another type",
      new ColumnTable([{ ...good, marks: [0, 1] as unknown as Uint8Array }], 2),
      /table\.a\.marks is not a Uint8Array/,
    ],
    [
      "no mark",
      new ColumnTable([{ ...good, marks: Uint8Array.of(0, 3) }], 2),
      /table\.a\.marks\[1\] is 3, which is not a mark/,
    ],
    [
      "a text that is none",
      new ColumnTable([{ name: "s", type: "string", values: ["", 1 as unknown as string] }], 2),
      /table\.s\.values\[1\] is 1, in a column of type string/,
    ],
    [
      "a boolean of 2",
      new ColumnTable([{ name: "b", type: "boolean", values: Uint8Array.of(2) }], 1),
      /table\.b\.values\[0\] is 2/,
    ],
    [
      "half a millisecond",
      new ColumnTable([{ name: "d", type: "date", values: Float64Array.of(0.5) }], 1),
      /table\.d\.values\[0\] is 0\.5/,
    ],
    [
      "a date out of range",
      new ColumnTable([{ name: "d", type: "date", values: Float64Array.of(8.65e15) }], 1),
      /8650000000000000/,
    ],
    [
      "a Buffer as bytes",
      new ColumnTable([{ name: "u", type: "bytes", values: [Buffer.from("x")] }], 1),
      /is an instance of Buffer/,
    ],
  ])("%s", (_what, table, message) => {
    expect(() => assertColumnTable(table)).toThrow(message);
    expect(() => assertColumnTable(table)).toThrow(InvalidColumnTableError);
  });

  test("but what stands under a mark has no meaning", () => {
    assertColumnTable(
      new ColumnTable(
        [{ name: "s", type: "string", values: [undefined as unknown as string], marks: Uint8Array.of(1) }],
        1,
      ),
    );
    assertColumnTable(new ColumnTable([], 3));
  });
});
