import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import {
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, expectTypeOf, test } from "vitest";
import { DecodeError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format, SelectColumns } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { struct } from "../../src/table/struct-columns.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { countedSource } from "../support/counted-source.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { readFixture } from "../support/read-fixture.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const rows = [
  { id: 1, embedding: Float32Array.of(0.5, -0, Number.NaN), counts: BigInt64Array.of(-1n, 2n ** 62n) },
  { id: 2, embedding: new Float32Array(0), counts: null },
  { id: 3, embedding: Float32Array.of(3), counts: new BigInt64Array(0) },
  { id: 4, embedding: Float32Array.of(1, 2, 3, 4), counts: BigInt64Array.of(7n) },
];

const formats: readonly (readonly [string, Format])[] = [
  ["table", table() as never],
  ["parquet", parquet({ rows: true }) as never],
  ["parquet in small row groups", parquet({ rows: true, rowGroupRows: 2 }) as never],
  ["arrow", arrow({ rows: true }) as never],
];

async function bytesOf(format: Format, payload: unknown): Promise<Uint8Array> {
  await format.check(payload);
  return new Uint8Array(Buffer.concat(await format.encode(payload)));
}

describe("rows with typed arrays come back in value and class", () => {
  test.each(formats)("from %s", async (_name, format) => {
    const bytes = await bytesOf(format, rows);
    expect(await format.decode(bytes, defaultDecodeLimits)).toEqual(rows);
    const select = format.selectColumns as SelectColumns;
    const part = await select(
      countedSource(bytes).source,
      { columns: ["embedding"], rows: { start: 1, end: 3 } },
      defaultDecodeLimits,
    );
    expect(part.toRows()).toEqual([{ embedding: new Float32Array(0) }, { embedding: Float32Array.of(3) }]);
  });

  test.each(formats)("from %s, where each list can be changed by itself", async (_name, format) => {
    const [first, , third] = (await format.decode(await bytesOf(format, rows), defaultDecodeLimits)) as typeof rows;
    first?.embedding.fill(9);
    expect(third?.embedding).toEqual(Float32Array.of(3));
    expect(third?.embedding.buffer.byteLength).toBe(4);
  });

  test.each(formats)("and %s refuses lists in shared memory", async (_name, format) => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    await expect(async () => format.check([{ embedding: shared }])).rejects.toThrow(UnsupportedPayloadError);
  });
});

test("the type of a column is that of its typed arrays", () => {
  const columns = tableFromRows(rows, { types: { id: "int32" } });
  expect(columns.columns.map(({ type }) => type)).toEqual(["int32", "float32[]", "int64[]"]);
  expectTypeOf(columns.column("embedding").type).toEqualTypeOf<"value" | "float32[]">();
  expect(tableFromRows([{ raw: Uint8Array.of(1) }]).columns[0]?.type).toBe("bytes");
  const declared = tableFromRows([{ raw: Uint8Array.of(1) }], { types: { raw: "uint8[]" } });
  expect(declared.columns[0]?.type).toBe("uint8[]");
  expect(declared.toRows()).toEqual([{ raw: Uint8Array.of(1) }]);
  expect(tableFromRows([{ a: Int8Array.of(1) }, { a: Int16Array.of(1) }]).columns[0]?.type).toBe("value");
});

test("declared lists stay lists where no row has one", async () => {
  const types = { embedding: "float32[]" } as const;
  for (const format of [table({ types }), parquet({ rows: true, types }), arrow({ rows: true, types })]) {
    for (const payload of [[], [{ embedding: null }]]) {
      const bytes = await bytesOf(format as never, payload);
      const select = (format as unknown as Format).selectColumns as SelectColumns;
      const part = await select(countedSource(bytes).source, {}, defaultDecodeLimits);
      expect(part.columns[0]?.type).toBe("float32[]");
      expect(part.toRows()).toEqual(payload);
    }
    await expect(async () => (format as unknown as Format).check([{ embedding: [1] }])).rejects.toThrow(/float32\[\]/);
  }
});

test("csv and ndjson have no lists of numbers, and say so when they are declared", () => {
  expect(() => csv({ columns: { a: "float32[]" as never } })).toThrow(/csv has no cells of type "float32\[\]"/);
  expect(() => ndjson({ columns: { a: "float32[]" }, rows: true })).toThrow(/ndjson has no lines with values of type/);
  expect(() => ndjson({ types: { a: "int8[]" }, rows: true })).toThrow(/ndjson has no lines with values of type/);
});

describe("the file of table", () => {
  const versionOf = async (payload: object[]): Promise<string> => {
    const bytes = await bytesOf(table() as never, payload);
    return `${bytes[4]} ${Buffer.from(bytes.subarray(-4)).toString("latin1")}`;
  };

  test("is of version 2 only where it has number lists, which older releases cannot read", async () => {
    expect(await versionOf([{ a: 1, b: [1, 2], c: Uint8Array.of(1) }])).toBe("1 PTBL");
    expect(await versionOf(rows)).toBe("2 PTB2");
    expect(await versionOf([{ deep: { list: Float64Array.of(1) } }])).toBe("2 PTB2");
  });

  test("is refused where its ends go backwards or beyond its numbers", async () => {
    const bytes = await bytesOf(table() as never, [{ a: Float32Array.of(1, 2) }, { a: Float32Array.of(3) }]);
    for (const end of [4, -1, 1.5, Number.NaN]) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setFloat64(8, end, true);
      expect(() => table().decode(damaged, defaultDecodeLimits)).toThrow(DecodeError);
    }
  });

  test("is read by the program of the specification", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.join("lists.ptbl"), await bytesOf(table() as never, [rows[3], rows[1]] as object[]));
    const script = new URL("../../spec/check-table.py", import.meta.url).pathname;
    const printed = execFileSync("/usr/bin/python3", [script, folder.join("lists.ptbl")], { encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual([
      { id: 4, embedding: [1, 2, 3, 4], counts: [7] },
      { id: 2, embedding: [], counts: null },
    ]);
  });
});

describe("other tools", () => {
  test("DuckDB sees lists as lists, and its lists come as typed arrays", async () => {
    await using folder = await temporaryFolder();
    const ours = folder.join("ours.parquet");
    await writeFile(ours, await bytesOf(parquet({ rows: true }) as never, rows));
    expect(await queryDuckdb(`select column_type from (describe select * from '${ours}')`)).toEqual([
      ["DOUBLE"],
      ["FLOAT[]"],
      ["BIGINT[]"],
    ]);
    expect(
      await queryDuckdb(`select len(embedding), list_sum(embedding[1:1]), len(counts) from '${ours}' order by id`),
    ).toEqual(
      [
        [3n, 0.5, 2n],
        [0n, null, null],
        [1n, 3, 0n],
        [4n, 1, 1n],
      ].map((row) => row.map((cell) => (typeof cell === "bigint" ? expect.anything() : cell))),
    );
    const theirs = folder.join("theirs.parquet");
    for (const version of ["v1", "v2"]) {
      await queryDuckdb(
        `copy (select i::integer as i, case when i % 5 = 0 then null when i % 5 = 1 then [] else [i::float, 0.5] end as f, [i % 3, -1]::tinyint[] as t, [1.5, i]::double[2] as d from range(5000) r(i)) to '${theirs}' (format parquet, parquet_version ${version}, row_group_size 2048)`,
      );
      const read = await parquetCodec().decode(new Uint8Array(await readFile(theirs)), defaultDecodeLimits);
      expect(read.columns.map(({ type }) => type)).toEqual(["int32", "float32[]", "int8[]", "float64[]"]);
      for (const [i, row] of read.toRows().entries())
        expect(row).toEqual({
          i,
          f: i % 5 === 0 ? null : i % 5 === 1 ? new Float32Array(0) : Float32Array.of(i, 0.5),
          t: Int8Array.of(i % 3, -1),
          d: Float64Array.of(1.5, i),
        });
    }
    await queryDuckdb(`copy (select [1, null]::integer[] as a, 2 as b) to '${theirs}' (format parquet)`);
    const holed = new Uint8Array(await readFile(theirs));
    await expect(async () => parquetCodec().decode(holed, defaultDecodeLimits)).rejects.toThrow(
      /column a has lists with null in them/,
    );
    const b = await parquetCodec().selectColumns?.(
      countedSource(holed).source,
      { columns: ["b"] },
      defaultDecodeLimits,
    );
    expect(b?.toRows()).toEqual([{ b: 2 }]);
  });

  test.each([
    ["polars-lists.parquet", parquetCodec()],
    ["polars-lists.arrow", arrowCodec],
    ["pyarrow-lists.parquet", parquetCodec()],
  ])("lists and fixed lists of Polars and pyarrow come as typed arrays: %s", async (name, codec) => {
    const read = await codec.decode(await readFixture(name), defaultDecodeLimits);
    expect(read.columns.map(({ type }) => type)).toEqual(["int32", "float32[]", "int64[]", "uint8[]"]);
    expect(read.toRows()).toEqual([
      {
        id: 1,
        embedding: Float32Array.of(0.5, -1.5),
        counts: BigInt64Array.of(1n, 2n ** 62n),
        fixed: Uint8Array.of(1, 2),
      },
      { id: 2, embedding: new Float32Array(0), counts: BigInt64Array.of(-1n), fixed: Uint8Array.of(3, 4) },
      { id: 3, embedding: null, counts: new BigInt64Array(0), fixed: Uint8Array.of(5, 6) },
    ]);
  });

  test("DuckDB and hyparquet read lists of any lengths, in many pages and row groups, among other columns", async () => {
    await using folder = await temporaryFolder();
    const ours = folder.join("ours.parquet");
    const random = new SeededRandom(7);
    const listOf = (i: number): Float32Array | null => {
      if (random.chance(0.1)) return null;
      const length = i % 50 === 0 ? 20_000 : random.below(i % 3 === 0 ? 4 : 40);
      return Float32Array.from({ length }, () => random.below(1000) / 8);
    };
    const written = Array.from({ length: 1000 }, (_, id) => ({
      short: Float64Array.of(id, -id),
      point: { x: id, name: `p${id}` },
      list: listOf(id),
      id,
    }));
    for (const options of [{}, { codec: "uncompressed", rowGroupRows: 300 }] as const) {
      const types = { point: struct({ x: "float64", name: "string" }) };
      const bytes = await bytesOf(parquet({ rows: true, types, ...options }) as never, written);
      expect(await parquet({ rows: true }).decode(bytes, defaultDecodeLimits)).toEqual(written);
      await writeFile(ours, bytes);
      expect(
        await queryDuckdb(
          `select id::integer, len(list)::integer, list_sum(list)::double, short[2], point.name from '${ours}' order by id`,
        ),
      ).toEqual(
        written.map(({ id, list, short, point }) => [
          id,
          list?.length ?? null,
          list === null || list.length === 0 ? null : list.reduce((sum, number) => sum + number, 0),
          short[1],
          point.name,
        ]),
      );
      const file = new Uint8Array(bytes).buffer;
      const read = await parquetReadObjects({ file });
      expect(read.map(({ list }) => (list === undefined ? null : Float32Array.from(list)))).toEqual(
        written.map(({ list }) => list),
      );
    }
  });

  test("apache-arrow sees lists as lists, and its lists come as typed arrays", async () => {
    const ours = tableFromIPC(await bytesOf(arrow({ rows: true }) as never, rows));
    expect(String(ours.schema.fields[1]?.type)).toBe("List<Float32>");
    expect(ours.toArray().map((row) => row?.embedding?.length)).toEqual([3, 0, 1, 4]);
    const item = new Field("item", new Float32(), true);
    const list = vectorFromArray([[1, 2], null, [3, 4]], new List(item));
    const fixed = makeData({
      type: new FixedSizeList(2, item),
      length: 3,
      nullCount: 0,
      child: makeData({ type: new Float32(), data: Float32Array.of(1, 2, 3, 4, 5, 6) }),
    } as never);
    const read = await decodeArrow({ list: list.data[0], fixed });
    expect(read.toRows()).toEqual([
      { list: Float32Array.of(1, 2), fixed: Float32Array.of(1, 2) },
      { list: null, fixed: Float32Array.of(3, 4) },
      { list: Float32Array.of(3, 4), fixed: Float32Array.of(5, 6) },
    ]);
    const holed = vectorFromArray([[1, null]], new List(item));
    await expect(decodeArrow({ holed: holed.data[0] })).rejects.toThrow(/column holed has lists with null in them/);
    const texts = vectorFromArray([["a"]], new List(new Field("item", new Utf8(), true)));
    await expect(decodeArrow({ texts: texts.data[0] })).rejects.toThrow(/column texts holds lists of something else/);
  });
});

async function decodeArrow(columns: Record<string, unknown>): Promise<ColumnTable> {
  const fields = Object.entries(columns).map(
    ([name, data]) => new Field(name, (data as { type: DataType }).type, true),
  );
  const { length = 0 } = Object.values(columns)[0] as { length?: number };
  const children = Object.values(columns);
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children } as never);
  const file = tableToIPC(new Table([new RecordBatch(new Schema(fields), data as never)]), "file");
  return await arrowCodec.decode(file, defaultDecodeLimits);
}
