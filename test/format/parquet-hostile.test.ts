import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { type ParquetOptions, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import type { Column } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { everyType } from "../support/any-table.ts";
import { expectHarmlessTables } from "../support/damaged-copies.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);

async function bytesOf(table: ColumnTable, options: ParquetOptions = {}): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await parquetCodec(options).encode(table)));
}

function tableOf(rowCount: number, ...columns: Column[]): ColumnTable {
  return new ColumnTable(columns, rowCount);
}

describe("hostile bytes", () => {
  test("are refused, or decoded, and do no harm", async () => {
    const sample = (rowCount: number, seed: number): ColumnTable =>
      fc.sample(everyType(rowCount), { numRuns: 1, seed })[0] as ColumnTable;
    const samples = await Promise.all([
      bytesOf(sample(12, 1)),
      bytesOf(sample(50, 2), { codec: "uncompressed", rowGroupRows: 20 }),
      bytesOf(sample(30, 3), { codec: "gzip" }),
      theirs("parquet_version v2, dictionary_size_limit 1"),
      theirs("codec uncompressed"),
    ]);
    await expectHarmlessTables(samples, mutations, (bytes, limits) => parquetCodec().decode(bytes, limits));
  });

  async function theirs(options: string): Promise<Uint8Array> {
    await using folder = await temporaryFolder();
    const path = folder.join("theirs.parquet");
    await queryDuckdb(
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
    const bytes = damage(await bytesOf(table));
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
    const bytes = await bytesOf(table);
    await expect(async () => parquetCodec().decode(bytes, resolveDecodeLimits({ maxNodes: 999 }))).rejects.toThrow(
      /limits\.maxNodes = 999/,
    );
  });
});
