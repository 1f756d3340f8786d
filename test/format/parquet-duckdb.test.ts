import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { type ParquetOptions, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import type { Column } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const hasZstd = "zstdCompressSync" in process.getBuiltinModule("node:zlib");

async function bytesOf(table: ColumnTable, options: ParquetOptions = {}): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await parquetCodec(options).encode(table)));
}

function tableOf(rowCount: number, ...columns: Column[]): ColumnTable {
  return new ColumnTable(columns, rowCount);
}

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
    await writeFile(path, await bytesOf(table, { rowGroupRows: 2 }));
    const types = await queryDuckdb(`select column_type from (describe select * from '${path}')`);
    expect(types.flat()).toEqual(
      "TINYINT UTINYINT UINTEGER BIGINT UBIGINT FLOAT DOUBLE BOOLEAN VARCHAR TIMESTAMP_WITH_TIME_ZONE BLOB JSON"
        .split(" ")
        .map((type) => type.replaceAll("_", " ")),
    );
    const rows = await queryDuckdb(
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

  test.each(["uncompressed", "snappy", "gzip", "brotli", ...(hasZstd ? (["zstd"] as const) : [])] as const)(
    "DuckDB reads pages compressed by %s, and finds rows by what we say of their groups",
    async (codec) => {
      await using folder = await temporaryFolder();
      const path = folder.join("ours.parquet");
      const rowCount = 1000;
      const row = Array.from({ length: rowCount }, (_, i) => i);
      const table = tableOf(
        rowCount,
        { name: "u", type: "uint32", values: Uint32Array.from(row, (i) => i * 4_000_000) },
        { name: "i", type: "int64", values: BigInt64Array.from(row, (i) => BigInt(i - 500) * 10n ** 15n) },
        { name: "f", type: "float64", values: Float64Array.from(row, (i) => i - 500.5) },
        { name: "s", type: "string", values: row.map((i) => `${"a long beginning ".repeat(i % 3)}${i}é`) },
        { name: "n", type: "string", values: row.map(() => ""), marks: new Uint8Array(rowCount).fill(1) },
        { name: "d", type: "date", values: Float64Array.from(row, (i) => (i - 500) * 86_400_000) },
        { name: "b", type: "bytes", values: row.map((i) => Uint8Array.of(i >> 8, i)) },
      );
      await writeFile(path, await bytesOf(table, { rowGroupRows: 100, codec }));
      const count = async (where: string): Promise<unknown> =>
        (await queryDuckdb(`select count(*)::int from '${path}' where ${where}`))[0]?.[0];
      expect(await count("u >= 3600000000")).toBe(100);
      expect(await count("i < -450000000000000000")).toBe(50);
      expect(await count("f > 399")).toBe(100);
      expect(
        await count("s = 'a long beginning a long beginning 899é' or s = '900é' or s = 'a long beginning 901é'"),
      ).toBe(3);
      expect(await count("n is null")).toBe(rowCount);
      expect(await count("d >= timestamptz '1970-01-01 00:00:00+00'")).toBe(500);
      expect(await count("b = '\\x03\\xE7'::blob")).toBe(1);
    },
  );

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
    "codec zstd",
  ])("are read by us: DuckDB with %s", async (options) => {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    await queryDuckdb(`copy (${query}) to '${path}' (format parquet, ${options})`);
    const table = await parquetCodec().decode(new Uint8Array(await readFile(path)), defaultDecodeLimits);
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    expect(Object.values(types).join(" ")).toBe(
      "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 boolean string string plainDateTime plainDate bytes int32 decimal(18,3) value plainDateTime string boolean",
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
        new Date(Date.UTC(2020, 0, 1, 0, i)).toISOString().slice(0, -5),
        new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, -14),
        new TextEncoder().encode(`x${i}`),
        i % 3 === 0 ? null : i,
        (i / 10).toFixed(3),
        { a: i },
        "2020-01-01T00:00:00.123456",
        "775082d5-b7bb-471e-af87-bf45f6388043",
        [null, 1, 0][i % 3],
      ]);
    }
  });

  test("write what we do not read: that is said, column by column", async () => {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    const select = resolveDecodeLimits(undefined);
    await queryDuckdb(
      `copy (select 1 as a, ['x'] as list, {'x': 1, 'y': [2]} as nested, 'b' as z) to '${path}' (format parquet)`,
    );
    const bytes = new Uint8Array(await readFile(path));
    await expect(async () => parquetCodec().decode(bytes, select)).rejects.toThrow(/column list holds lists of string/);
    await expect(async () =>
      parquetCodec().selectColumns?.(countedSource(bytes).source, { columns: ["nested"] }, select),
    ).rejects.toThrow(/column nested holds structures/);
    const table = await parquetCodec().selectColumns?.(countedSource(bytes).source, { columns: ["z", "a"] }, select);
    expect(table?.toRows()).toEqual([{ z: "b", a: 1 }]);
  });
});
