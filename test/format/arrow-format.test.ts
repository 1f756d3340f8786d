import * as apache from "apache-arrow";
import { tableFromArrays, tableFromIPC, tableToIPC, vectorFromArray } from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { TableSelection } from "../../src/format/format.ts";
import type { Column } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { isExactTextType } from "../../src/table/exact-text.ts";
import { isStructType } from "../../src/table/struct-type.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { anyTable, everyType } from "../support/any-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { expectHarmlessTables } from "../support/damaged-copies.ts";
import { runWithoutPeers } from "../support/plain-node.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);

async function bytesOf(table: ColumnTable): Promise<Uint8Array> {
  await arrowCodec.check(table);
  return new Uint8Array(Buffer.concat(await arrowCodec.encode(table)));
}

function tableOf(rowCount: number, ...columns: Column[]): ColumnTable {
  return new ColumnTable(columns, rowCount);
}

async function decode(bytes: Uint8Array, limits = defaultDecodeLimits): Promise<ColumnTable> {
  return await arrowCodec.decode(bytes, limits);
}

const rows = [
  { id: 1, name: "a", at: new Date(0), big: 3n, raw: Uint8Array.of(1), nested: { list: [1, null] }, maybe: null },
  { id: -0, name: "", at: new Date(1e12), big: -3n, raw: new Uint8Array(0), nested: { list: [] }, maybe: true },
];
formatConformance(
  { describe, it },
  {
    name: "arrow",
    create: () => arrow(),
    holds: [tableFromRows(rows), new ColumnTable([], 0), new ColumnTable([], 3), tableFromRows([])],
    refuses: [rows, "text", tableFromRows([{ a: 1 }, {}]), tableFromRows([{ a: new Map() }])],
  },
);
formatConformance(
  { describe, it },
  {
    name: "arrow({ rows: true })",
    create: () => arrow({ rows: true }),
    holds: [rows, [], [{}, {}], [{ "": 1, "a.b": "x", toString: "y" }]],
    refuses: [tableFromRows(rows), [{ a: 1 }, {}], [{ a: new Date(Number.NaN) }], [{ a: "\ud800" }], [{ a: () => 1 }]],
  },
);

describe("what was written comes back", () => {
  test("of every type of column", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyTable, everyType(20)), async (table) => {
        expect(await decode(await bytesOf(table))).toStrictEqual(table);
      }),
      { numRuns: runs },
    );
  });

  test("numbers without a copy, in both directions", async () => {
    const values = Float64Array.from({ length: 1000 }, Math.sin);
    const table = tableOf(1000, { name: "wave", type: "float64", values });
    const chunks = await arrowCodec.encode(table);
    expect(chunks.some(({ buffer }) => buffer === values.buffer)).toBe(true);
    const bytes = await bytesOf(table);
    const read = await decode(bytes);
    const [column] = read.columns;
    expect(ArrayBuffer.isView(column?.values) && column.values.buffer).toBe(bytes.buffer);
    expect(read).toStrictEqual(table);
  });
});

describe("apache-arrow", () => {
  test("reads what we wrote", async () => {
    const [table] = fc.sample(everyType(50), { numRuns: 1, seed: 3 });
    const { columns } = table as ColumnTable;
    const theirs = tableFromIPC(await bytesOf(table as ColumnTable));
    expect(theirs.schema.fields.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
    expect(theirs.schema.fields.map(({ type }) => String(type)).join(" ")).toBe(
      "Int8 Uint8 Int16 Uint16 Int32 Uint32 Int64 Uint64 Float32 Float64 Bool Utf8 Timestamp<MILLISECOND, UTC> Binary " +
        "List<Int8> List<Uint8> List<Int16> List<Uint16> List<Int32> List<Uint32> List<Int64> List<Uint64> List<Float32> List<Float64> " +
        "Date32<DAY> Time64<MICROSECOND> Time32<MILLISECOND> Time64<NANOSECOND> " +
        "Timestamp<MICROSECOND> Timestamp<MILLISECOND> Timestamp<NANOSECOND> " +
        "Decimal[9e+2] Decimal[18e0] Decimal[38e+10] Decimal[76e+76] Struct<{n:Int64, t:Utf8, a.b:Float64}> " +
        "Struct<{b:Bool, when:Timestamp<MILLISECOND, UTC>, in:Struct<{raw:Binary, day:Date32<DAY>, f:Float32}>}> Utf8",
    );
    for (const [i, { type, values, marks }] of columns.entries()) {
      // Its own forms of these are compared in exact-texts.test.ts and structs.test.ts.
      if (isExactTextType(type) || isStructType(type)) continue;
      const expected = Array.from(values as ArrayLike<unknown>, (value, row) => {
        if (marks?.[row] === 1) return null;
        if (type === "boolean") return value === 1;
        // It takes the first character of such a text for a byte order mark.
        if (typeof value === "string" && type === "string") return value.replace(/^\ufeff/, "");
        return type === "value" ? JSON.stringify(value) : value;
      });
      const read = [...(theirs.getChildAt(i) ?? [])].map((cell: unknown) =>
        cell instanceof apache.Vector ? cell.toArray() : cell,
      );
      expect(read, type).toStrictEqual(expected);
    }
  });

  test("writes what we read: dictionaries, several batches, and types that we do not have", async () => {
    const words = Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? null : `word ${i % 5}é`));
    const theirs = tableFromArrays({ n: Int32Array.from({ length: 3000 }, (_, i) => i), words });
    const batches = new apache.Table([...theirs.slice(0, 1000).batches, ...theirs.slice(1000, 3000).batches]);
    const read = await decode(tableToIPC(batches, "file"));
    expect(read.columns.map(({ type }) => type)).toEqual(["int32", "string"]);
    expect(read.toRows()).toEqual(words.map((word, n) => ({ n, words: word })));

    const others = new apache.Table({
      half: vectorFromArray([0.5, -2, null], new apache.Float16()),
      day: vectorFromArray([new Date(0), new Date("2020-01-01"), null], new apache.DateDay()),
      micro: vectorFromArray([-1, 1_600_000_000_000.5, null], new apache.TimestampMicrosecond()),
      second: vectorFromArray([0, 1_600_000_000_000, null], new apache.TimestampSecond()),
      cut: vectorFromArray([Uint8Array.of(1, 2), Uint8Array.of(3, 4), null], new apache.FixedSizeBinary(2)),
      large: vectorFromArray(["a", "é", null], new apache.LargeUtf8()),
      nothing: vectorFromArray([null, null, null], new apache.Null()),
    });
    expect((await decode(tableToIPC(others, "file"))).toRows()).toEqual([
      {
        half: 0.5,
        day: "1970-01-01",
        micro: "1969-12-31T23:59:59.999",
        second: "1970-01-01T00:00:00",
        cut: Uint8Array.of(1, 2),
        large: "a",
        nothing: null,
      },
      {
        half: -2,
        day: "2020-01-01",
        micro: "2020-09-13T12:26:40.0005",
        second: "2020-09-13T12:26:40",
        cut: Uint8Array.of(3, 4),
        large: "é",
        nothing: null,
      },
      { half: null, day: null, micro: null, second: null, cut: null, large: null, nothing: null },
    ]);
  });

  test("writes what we do not read: that is said, column by column", async () => {
    const list = vectorFromArray([["a"], ["b", "c"]], new apache.List(new apache.Field("item", new apache.Utf8())));
    const theirs = new apache.Table({ list, n: vectorFromArray([1, 2], new apache.Int32()) });
    const bytes = tableToIPC(theirs, "file");
    await expect(decode(bytes)).rejects.toThrow(/column list holds lists/);
    const part = await arrowCodec.selectColumns?.(countedSource(bytes).source, { columns: ["n"] }, defaultDecodeLimits);
    expect(part?.toRows()).toEqual([{ n: 1 }, { n: 2 }]);
    await expect(decode(tableToIPC(theirs, "stream"))).rejects.toThrow(/do not end as Arrow files do/);
  });
});

describe("a part of a table", () => {
  const rowCount = 100_000;
  const table = tableOf(
    rowCount,
    { name: "id", type: "int32", values: Int32Array.from({ length: rowCount }, (_, i) => i) },
    { name: "wave", type: "float64", values: Float64Array.from({ length: rowCount }, (_, i) => Math.sin(i)) },
    { name: "text", type: "string", values: Array.from({ length: rowCount }, (_, i) => `text number ${i}`) },
  );
  const written = bytesOf(table);

  async function select(selection: TableSelection): Promise<{ part: ColumnTable | undefined; read: number }> {
    const { source, read } = countedSource(await written);
    const part = await arrowCodec.selectColumns?.(source, selection, defaultDecodeLimits);
    return { part, read: read() };
  }

  test("reads no byte of other columns", async () => {
    const { part, read } = await select({ columns: ["id"], rows: { start: 5, end: 7 } });
    expect(part).toStrictEqual(tableOf(2, { name: "id", type: "int32", values: Int32Array.of(5, 6) }));
    expect(read).toBeLessThan(4 * rowCount + 18_000);
  });

  test("gives columns in the order asked for", async () => {
    const { part } = await select({ columns: ["text", "id"], rows: { start: rowCount - 1, end: rowCount + 5 } });
    expect(part?.toRows()).toEqual([{ text: `text number ${rowCount - 1}`, id: rowCount - 1 }]);
    expect(part?.columns.map(({ name }) => name)).toEqual(["text", "id"]);
  });
});

describe("hostile bytes", () => {
  test("are refused, or decoded, and do no harm", async () => {
    const sample = (rowCount: number, seed: number): ColumnTable =>
      fc.sample(everyType(rowCount), { numRuns: 1, seed })[0] as ColumnTable;
    const samples = [
      await bytesOf(sample(12, 1)),
      await bytesOf(sample(60, 2)),
      tableToIPC(tableFromArrays({ a: Int32Array.of(1, 2), b: ["x", null] }), "file"),
    ];
    await expectHarmlessTables(samples, mutations, (bytes, limits) => arrowCodec.decode(bytes, limits));
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["too few", () => new Uint8Array(15)],
    ["something else", () => new TextEncoder().encode("a,b,c\n1,2,3\n4,5,6\n")],
    ["cut off at the end", (bytes) => bytes.subarray(0, -1)],
    ["cut off at the start", (bytes) => bytes.subarray(400)],
    ["a footer larger than the file", (bytes) => bytes.fill(0x7f, bytes.length - 10, bytes.length - 6)],
  ])("%s", async (_what, damage) => {
    const table = tableOf(100, { name: "a", type: "float64", values: Float64Array.from({ length: 100 }, Math.sin) });
    await expect(decode(damage(await bytesOf(table)))).rejects.toThrow(DecodeError);
  });

  test("that say a great many nulls, which take no bytes, are held to the limits", async () => {
    const nothing = new apache.Table({
      a: new apache.Vector([apache.makeData({ type: new apache.Null(), length: 2 ** 31 - 1 })]),
    });
    const bytes = tableToIPC(nothing, "file");
    expect(bytes.length).toBeLessThan(1000);
    await expect(decode(bytes)).rejects.toThrow(DecodeLimitError);
    await expect(decode(bytes, resolveDecodeLimits({ maxNodes: 1e10 }))).rejects.toThrow(/maxRatio/);
  });
});

test("says which package is missing for writing, and reads without any", async () => {
  const written = (await bytesOf(tableOf(1, { name: "a", type: "float64", values: Float64Array.of(1) }))).join();
  const lines = await runWithoutPeers(
    "src/entry/formats/arrow.ts",
    `const format = library.arrow({ rows: true });
     const tell = (error) => console.log(error instanceof library.MissingPeerError, error.message);
     await Promise.resolve(format.encode([{ a: 1 }])).catch(tell);
     console.log(JSON.stringify(await format.decode(Uint8Array.of(${written}), ${JSON.stringify(defaultDecodeLimits)})));`,
  );
  expect(lines).toEqual([
    "true Arrow needs apache-arrow, which is not installed: npm install apache-arrow",
    '[{"a":1}]',
  ]);
});

test("refuses more rows without columns than would be decoded", () => {
  expect(() => arrowCodec.check(new ColumnTable([], 100_000_001))).toThrow(/more than 100000000 cells/);
});

test("refuses bytes of more than 1 GiB in one cell", () => {
  const table = tableOf(1, { name: "a", type: "bytes", values: [new Uint8Array(2 ** 30 + 1)] });
  expect(() => arrowCodec.check(table)).toThrow(UnsupportedPayloadError);
});
