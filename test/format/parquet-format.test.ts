import { readFile, writeFile } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it, test } from "vitest";
import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { InvalidColumnTableError } from "../../src/errors/table-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { TableSelection } from "../../src/format/format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet-format.ts";
import type { TableCodec } from "../../src/format/tabular.ts";
import type { Column } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { formatConformance } from "../../src/testing/index.ts";
import { anyTable, everyType } from "../support/any-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { expectHarmless } from "../support/mutated-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runWithoutPeers } from "../support/without-peers.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 120);
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 2000);
const hasZstd = "zstdCompressSync" in process.getBuiltinModule("node:zlib");

async function bytesOf(codec: TableCodec, table: ColumnTable): Promise<Uint8Array> {
  await codec.check(table);
  return new Uint8Array(Buffer.concat(await codec.encode(table)));
}

function tableOf(rowCount: number, ...columns: Column[]): ColumnTable {
  return new ColumnTable(columns, rowCount);
}

/** Rows of a query. */
async function duckdb(sql: string): Promise<unknown[][]> {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
  } finally {
    connection.closeSync();
    database.closeSync();
  }
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
  }, 600_000);

  test.each(["uncompressed", "snappy", "gzip", "brotli", ...(hasZstd ? (["zstd"] as const) : [])] as const)(
    "in pages compressed by %s",
    async (codec) => {
      const [table] = fc.sample(everyType(3000), { numRuns: 1, seed: 5 });
      const bytes = await bytesOf(parquetCodec({ codec }), table as ColumnTable);
      expect(await parquetCodec().decode(bytes, defaultDecodeLimits)).toStrictEqual(table);
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

describe("other tools", () => {
  test("DuckDB reads what we wrote, with the same values and types", async () => {
    await using folder = await temporaryFolder();
    const path = folder.join("ours.parquet");
    const marks = Uint8Array.of(0, 1, 0);
    const table = tableOf(
      3,
      { name: "i8", type: "int8", values: Int8Array.of(-128, 0, 127) },
      { name: "u8", type: "uint8", values: Uint8Array.of(0, 0, 255), marks },
      { name: "u32", type: "uint32", values: Uint32Array.of(0, 1, 4294967295) },
      { name: "i64", type: "int64", values: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n) },
      { name: "u64", type: "uint64", values: BigUint64Array.of(0n, 0n, 2n ** 64n - 1n), marks },
      { name: "f32", type: "float32", values: Float32Array.of(0.5, -0, 3) },
      { name: "f64", type: "float64", values: Float64Array.of(0.1, 1e300, -0) },
      { name: "yes", type: "boolean", values: Uint8Array.of(1, 0, 1), marks },
      { name: "text", type: "string", values: ["a", "", "é😀"], marks },
      { name: "when", type: "date", values: Float64Array.of(0, 0, 1.6e12), marks },
      { name: "raw", type: "bytes", values: [Uint8Array.of(1, 255), new Uint8Array(0), Uint8Array.of(65)] },
      { name: "nested", type: "value", values: [{ a: [1] }, undefined, "x"], marks },
    );
    await writeFile(path, await bytesOf(parquetCodec({ rowGroupRows: 2 }), table));
    const types = await duckdb(`select column_type from (describe select * from '${path}')`);
    expect(types.flat()).toEqual(
      "TINYINT UTINYINT UINTEGER BIGINT UBIGINT FLOAT DOUBLE BOOLEAN VARCHAR TIMESTAMP_WITH_TIME_ZONE BLOB JSON"
        .split(" ")
        .map((type) => type.replaceAll("_", " ")),
    );
    const rows = await duckdb(
      `select i8, u8, u32, i64::varchar, u64::varchar, f32::varchar, f64::varchar, yes, text, epoch_ms("when")::double, hex(raw), nested->'$.a[0]' from '${path}'`,
    );
    expect(rows).toEqual([
      [-128, 0, 0, "-9223372036854775808", "0", "0.5", "0.1", true, "a", 0, "01FF", "1"],
      [0, null, 1, "0", null, "-0.0", "1e+300", null, null, null, "", null],
      [
        127,
        255,
        4294967295,
        "9223372036854775807",
        "18446744073709551615",
        "3.0",
        "-0.0",
        true,
        "é😀",
        1.6e12,
        "41",
        null,
      ],
    ]);
  });

  const query = `select (i % 100)::tinyint a, (i % 200)::utinyint b, i::smallint c, i::usmallint d, (i - 5)::integer e,
    (i + 4000000000)::uinteger f, i::bigint * 1000000007 g, (18446744073709551615 - i)::ubigint h, (i / 4)::float j, i / 7 k,
    i % 2 = 0 l, 's' || (i % 5) m, case when i % 3 = 0 then null else 'unlike ' || i end n,
    timestamp_ms '2020-01-01' + interval (i) minute o, date '2020-01-01' + i::int p, ('x' || i)::blob q,
    case when i % 3 = 0 then null else i::int end r, (i / 10)::decimal(18, 3) s, ('{"a":' || i || '}')::json t,
    timestamp '2020-01-01 00:00:00.123456' u, uuid '775082d5-b7bb-471e-af87-bf45f6388043' v,
    [null, true, false][i % 3 + 1] w from range(3000) t(i)`;

  test.each([
    "codec snappy",
    "codec gzip",
    "codec brotli",
    "codec uncompressed",
    "parquet_version v2",
    "parquet_version v2, dictionary_size_limit 1",
    "row_group_size 2048",
    ...(hasZstd ? ["codec zstd"] : []),
  ])("are read by us: DuckDB with %s", async (options) => {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    await duckdb(`copy (${query}) to '${path}' (format parquet, ${options})`);
    const table = await parquetCodec().decode(new Uint8Array(await readFile(path)), defaultDecodeLimits);
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    expect(Object.values(types).join(" ")).toBe(
      "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 boolean string string date date bytes int32 float64 value date string boolean",
    );
    const row = (i: number): unknown[] =>
      table.slice(i, i + 1).columns.map(({ values, marks }) => (marks?.[0] === 1 ? null : values[0]));
    for (const i of [0, 1, 100, 2047, 2048, 2999]) {
      expect(row(i)).toEqual([
        i % 100,
        i % 200,
        i,
        i,
        i - 5,
        i + 4_000_000_000,
        BigInt(i) * 1_000_000_007n,
        18446744073709551615n - BigInt(i),
        i / 4,
        i / 7,
        i % 2 === 0 ? 1 : 0,
        `s${i % 5}`,
        i % 3 === 0 ? null : `unlike ${i}`,
        Date.UTC(2020, 0, 1, 0, i),
        Date.UTC(2020, 0, 1 + i),
        new TextEncoder().encode(`x${i}`),
        i % 3 === 0 ? null : i,
        i / 10,
        { a: i },
        Date.UTC(2020, 0, 1, 0, 0, 0, 123),
        "775082d5-b7bb-471e-af87-bf45f6388043",
        [null, 1, 0][i % 3],
      ]);
    }
  });

  test("write what we do not read: that is said, column by column", async () => {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    const select = resolveDecodeLimits(undefined);
    await duckdb(
      `copy (select 1 as a, [1, 2] as list, {'x': 1, 'y': [2]} as nested, 'b' as z) to '${path}' (format parquet)`,
    );
    const bytes = new Uint8Array(await readFile(path));
    await expect(async () => parquetCodec().decode(bytes, select)).rejects.toThrow(/column list holds lists/);
    const table = await parquetCodec().selectColumns?.(countedSource(bytes).source, { columns: ["z", "a"] }, select);
    expect(table?.toRows()).toEqual([{ z: "b", a: 1 }]);
    await duckdb(`copy (select 1 as a) to '${path}' (format parquet, codec lz4_raw)`);
    const lz4 = new Uint8Array(await readFile(path));
    await expect(async () => parquetCodec().decode(lz4, select)).rejects.toThrow(/compressed by lz4_raw/);
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

describe("hostile bytes", () => {
  test("are refused, or decoded, and do no harm", async () => {
    const sample = (rowCount: number, seed: number): ColumnTable =>
      fc.sample(everyType(rowCount), { numRuns: 1, seed })[0] as ColumnTable;
    const samples = await Promise.all([
      bytesOf(parquetCodec(), sample(12, 1)),
      bytesOf(parquetCodec({ codec: "uncompressed", rowGroupRows: 20 }), sample(50, 2)),
      bytesOf(parquetCodec({ codec: "gzip" }), sample(30, 3)),
      theirs("parquet_version v2, dictionary_size_limit 1"),
      theirs("codec uncompressed"),
    ]);
    await expectHarmless(samples, mutations, (bytes, limits) => parquetCodec().decode(bytes, limits));
  }, 3_600_000);

  async function theirs(options: string): Promise<Uint8Array> {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    await duckdb(
      `copy (select i, i::bigint * 7 g, 's' || i s, i % 2 = 0 b, i / 7 k, (i / 10)::decimal(30, 3) d, uuid() u, if(i % 2 = 0, null, i) n from range(60) t(i)) to '${path}' (format parquet, ${options})`,
    );
    return new Uint8Array(await readFile(path));
  }

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["too few", () => new Uint8Array(11)],
    ["something else", () => new TextEncoder().encode("a,b,c\n1,2,3\n4,5,6\n")],
    ["cut off at the end", (bytes) => bytes.subarray(0, -1)],
    ["cut off at the start", (bytes) => bytes.subarray(200)],
    ["a footer larger than the file", (bytes) => bytes.fill(0x7f, bytes.length - 8, bytes.length - 4)],
  ])("%s", async (_what, damage) => {
    const table = tableOf(100, { name: "a", type: "float64", values: Float64Array.from({ length: 100 }, Math.sin) });
    const bytes = damage(await bytesOf(parquetCodec(), table));
    await expect(async () => parquetCodec().decode(bytes, defaultDecodeLimits)).rejects.toThrow(DecodeError);
  });
});

describe("limits", () => {
  test("end a page that expands too far, by ratio and by size", async () => {
    const text = "a".repeat(30_000_000);
    const file = parquetWriteBuffer({
      columnData: [{ name: "a", data: [text], type: "STRING" }],
      codec: "GZIP",
      compressors: { GZIP: (bytes) => process.getBuiltinModule("node:zlib").gzipSync(bytes) },
    });
    const decode = (limits: object) => async () =>
      parquetCodec().decode(new Uint8Array(file), resolveDecodeLimits(limits));
    await expect(decode({ maxRatio: 100 })).rejects.toThrow(/limits\.maxRatio = 100/);
    await expect(decode({ maxBytes: 20_000_000 })).rejects.toThrow(/limits\.maxBytes = 20000000/);
    await expect(decode({ maxRatio: 2000 })()).resolves.toBeInstanceOf(ColumnTable);
  });

  test("end a file of few bytes that says a great many rows, before memory is taken for them", async () => {
    const rowCount = 8_500_000;
    const file = parquetWriteBuffer({
      columnData: [
        { name: "a", data: new Float64Array(rowCount), type: "DOUBLE", nullable: false, encoding: "RLE_DICTIONARY" },
      ],
      rowGroupSize: rowCount,
      statistics: false,
      pageSize: 2 ** 30,
    });
    expect(file.byteLength).toBeLessThan(2000);
    await expect(async () => parquetCodec().decode(new Uint8Array(file), defaultDecodeLimits)).rejects.toThrow(
      DecodeLimitError,
    );
    const table = tableOf(rowCount, { name: "a", type: "float64", values: new Float64Array(rowCount) });
    await expect(async () => parquetCodec({ rowGroupRows: rowCount }).encode(table)).rejects.toThrow(
      UnsupportedPayloadError,
    );
  });

  test("bound how many strings come out", async () => {
    const table = tableOf(1000, { name: "a", type: "string", values: new Array(1000).fill("x") });
    const bytes = await bytesOf(parquetCodec(), table);
    await expect(async () => parquetCodec().decode(bytes, resolveDecodeLimits({ maxNodes: 999 }))).rejects.toThrow(
      /limits\.maxNodes = 999/,
    );
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
    "src/formats/parquet.ts",
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
