import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatConformance } from "../../src/entry/testing.ts";
import { InvalidColumnTableError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { TableSelection } from "../../src/format/format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import type { TableCodec } from "../../src/format/tabular/tabular.ts";
import type { Column } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { anyTable, everyType } from "../support/any-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { runWithoutPeers } from "../support/plain-node.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);
const hasZstd = "zstdCompressSync" in process.getBuiltinModule("node:zlib");

async function bytesOf(codec: TableCodec, table: ColumnTable): Promise<Uint8Array> {
  await codec.check(table);
  return new Uint8Array(Buffer.concat(await codec.encode(table)));
}

function tableOf(rowCount: number, ...columns: Column[]): ColumnTable {
  return new ColumnTable(columns, rowCount);
}

const rows = [
  { id: 1, name: "a", at: new Date(0), big: 3n, raw: Uint8Array.of(1), nested: { list: [1, null] }, maybe: null },
  { id: -0, name: "", at: new Date(1e12), big: -3n, raw: new Uint8Array(0), nested: { list: [] }, maybe: true },
];
formatConformance(
  { describe, it },
  {
    name: "parquet",
    create: () => parquet(),
    holds: [
      tableFromRows(rows),
      tableFromRows(rows, { types: { id: "float32" } }),
      new ColumnTable([], 0),
      new ColumnTable([], 3),
      tableFromRows([]),
    ],
    refuses: [rows, "text", tableFromRows([{ a: 1 }, {}]), tableFromRows([{ a: new Map() }])],
  },
);
formatConformance(
  { describe, it },
  {
    name: "parquet({ rows: true })",
    create: () => parquet({ rows: true, rowGroupRows: 1 }),
    holds: [rows, [], [{}, {}], [{ "": 1, "a.b": "x", toString: "y" }]],
    refuses: [tableFromRows(rows), [{ a: 1 }, {}], [{ a: new Date(Number.NaN) }], [{ a: "\ud800" }], [{ a: () => 1 }]],
  },
);

describe("what was written comes back", () => {
  test("of every type of column, over several row groups", async () => {
    const codec = parquetCodec({ rowGroupRows: 7 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyTable, everyType(20)), async (table) => {
        const bytes = await bytesOf(codec, table);
        expect(await codec.decode(bytes, defaultDecodeLimits)).toStrictEqual(table);
      }),
      { numRuns: runs },
    );
  });

  const [many] = fc.sample(everyType(1000), { numRuns: 1, seed: 5 });

  test.each(["uncompressed", "snappy", "gzip", "brotli", ...(hasZstd ? (["zstd"] as const) : [])] as const)(
    "in pages compressed by %s",
    async (codec) => {
      const bytes = await bytesOf(parquetCodec({ codec }), many as ColumnTable);
      expect(await parquetCodec().decode(bytes, defaultDecodeLimits)).toStrictEqual(many);
    },
  );

  test("where a column spans many pages", async () => {
    const values = Float64Array.from({ length: 400_000 }, (_, i) => Math.sin(i));
    const table = tableOf(values.length, { name: "wave", type: "float64", values });
    const codec = parquetCodec({ rowGroupRows: 300_000, codec: "uncompressed" });
    expect(await codec.decode(await bytesOf(codec, table), defaultDecodeLimits)).toStrictEqual(table);
  });
});

describe("what Parquet cannot hold is refused, with its row and its column", () => {
  test.each<[string, Column, RegExp]>([
    [
      "an absent value",
      { name: "a", type: "float64", values: Float64Array.of(1, 0), marks: Uint8Array.of(0, 2) },
      /payload\[1\]\.a is absent/,
    ],
    ["an invalid date", { name: "when", type: "date", values: Float64Array.of(0, Number.NaN) }, /payload\[1\]\.when/],
    ["half a surrogate pair", { name: "t", type: "string", values: ["x", "\ud800"] }, /payload\[1\]\.t has half/],
    [
      "nested values that JSON loses",
      { name: "v", type: "value", values: [1, { at: [new Map()] }] },
      /payload\[1\]\.v\.at\[0\]/,
    ],
    ["a name that is no text", { name: "\udc00", type: "int8", values: new Int8Array(2) }, /has a name/],
  ])("%s", async (_what, column, message) => {
    const check = async (): Promise<void> => parquetCodec().check(tableOf(2, column));
    await expect(check()).rejects.toThrow(UnsupportedPayloadError);
    await expect(check()).rejects.toThrow(message);
  });

  test("also null in a row where the value would be refused is no reason to refuse", async () => {
    const marks = Uint8Array.of(0, 1);
    const table = tableOf(2, { name: "when", type: "date", values: Float64Array.of(0, Number.NaN), marks });
    expect(() => parquetCodec().check(table)).not.toThrow();
  });
});

describe("a part of a table", () => {
  const rowCount = 100_000;
  const table = tableOf(
    rowCount,
    { name: "id", type: "int32", values: Int32Array.from({ length: rowCount }, (_, i) => i) },
    { name: "wave", type: "float64", values: Float64Array.from({ length: rowCount }, (_, i) => Math.sin(i)) },
    { name: "text", type: "string", values: Array.from({ length: rowCount }, (_, i) => `text number ${i}`) },
    {
      name: "maybe",
      type: "int64",
      values: BigInt64Array.from({ length: rowCount }, (_, i) => (i % 3 === 0 ? 0n : BigInt(i))),
      marks: Uint8Array.from({ length: rowCount }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    },
  );
  const codec = parquetCodec({ rowGroupRows: 10_000, codec: "uncompressed" });
  const written = bytesOf(codec, table);

  async function select(selection: TableSelection): Promise<{ part: ColumnTable; read: number; size: number }> {
    const bytes = await written;
    const { source, read } = countedSource(bytes);
    const part = await codec.selectColumns?.(source, selection, defaultDecodeLimits);
    return { part: part as ColumnTable, read: read(), size: bytes.length };
  }

  test("reads no byte of other columns", async () => {
    const { part, read } = await select({ columns: ["id"] });
    expect(part).toStrictEqual(tableOf(rowCount, table.columns[0] as Column));
    // Four bytes for each row; the footer, and the heads of the pages.
    expect(read).toBeGreaterThan(4 * rowCount);
    expect(read).toBeLessThan(4 * rowCount + 18_000);
  });

  test("reads no byte of other row groups", async () => {
    const { part, read } = await select({ columns: ["wave", "maybe"], rows: { start: 25_000, end: 31_000 } });
    expect(part.toRows()).toStrictEqual(
      new ColumnTable([table.columns[1], table.columns[3]] as Column[], rowCount).slice(25_000, 31_000).toRows(),
    );
    expect(read).toBeLessThan(2 * 10_000 * 16 + 25_000);
  });

  test("is the same as that part of the whole, wherever it begins and ends", async () => {
    const names = table.columns.map(({ name }) => name);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(rowCount + 10),
        fc.nat(25_000),
        fc.shuffledSubarray(names),
        async (start, count, columns) => {
          const { part } = await select({ columns, rows: { start, end: start + count } });
          const whole = new ColumnTable(
            columns.map((name) => table.columns.find((column) => column.name === name) as Column),
            rowCount,
          );
          const from = Math.min(start, rowCount);
          expect(part.rowCount).toBe(Math.min(start + count, rowCount) - from);
          const wanted = whole.slice(from, from + part.rowCount);
          for (const [i, { values }] of part.columns.entries()) expect(values).toStrictEqual(wanted.columns[i]?.values);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("names a column that is not there", async () => {
    await expect(select({ columns: ["id", "nothing"] })).rejects.toThrow(InvalidColumnTableError);
    await expect(select({ columns: ["id", "nothing"] })).rejects.toThrow(/nothing.*"wave"/);
  });
});

test("says which package is missing, and reads without any what is not compressed by snappy", async () => {
  const table = tableOf(
    1,
    { name: "a", type: "float64", values: Float64Array.of(1) },
    { name: "b", type: "string", values: ["x"] },
  );
  const [snappy, plain] = await Promise.all(
    (["snappy", "uncompressed"] as const).map(async (codec) => (await bytesOf(parquetCodec({ codec }), table)).join()),
  );
  const lines = await runWithoutPeers(
    "src/entry/formats/parquet.ts",
    `const format = library.parquet({ rows: true });
     const limits = ${JSON.stringify(defaultDecodeLimits)};
     const tell = (error) => console.log(error instanceof library.MissingPeerError, error.message);
     await Promise.resolve(format.encode([{ a: 1 }])).catch(tell);
     await format.decode(Uint8Array.of(${snappy}), limits).catch(tell);
     console.log(JSON.stringify(await format.decode(Uint8Array.of(${plain}), limits)));`,
  );
  expect(lines).toEqual([
    "true Parquet needs hyparquet-writer, which is not installed: npm install hyparquet-writer",
    "true Parquet needs hyparquet, which is not installed: npm install hyparquet",
    '[{"a":1,"b":"x"}]',
  ]);
});

test.each([0, 1.5, -1, Number.NaN])("takes no row groups of %s rows", (rowGroupRows) => {
  expect(() => parquet({ rowGroupRows })).toThrow(RangeError);
});
