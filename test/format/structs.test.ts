import { readFile, writeFile } from "node:fs/promises";
import { tableFromIPC } from "@uwdata/flechette";
import * as apache from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, expectTypeOf, test } from "vitest";
import { UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { DefinitionError } from "../../src/errors/persistable-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format, SelectColumns } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import { struct } from "../../src/table/struct-columns.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { countedSource } from "../support/counted-source.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const place = struct({ name: "string", at: struct({ lat: "float64", lon: "float64" }) });
const sale = struct({
  id: "int64",
  day: "plainDate",
  paid: "decimal(6,2)",
  when: "date",
  isNew: "boolean",
  raw: "bytes",
});
const types = { k: "int32", place, sale } as const;

const rows = [
  {
    k: 1,
    place: { name: "Bern", at: { lat: 46.95, lon: -0 } },
    sale: {
      id: 2n ** 62n,
      day: "2026-11-30",
      paid: "12.50",
      when: new Date(1.6e12),
      isNew: true,
      raw: Uint8Array.of(1, 2),
    },
  },
  { k: 2, place: null, sale: null },
  {
    k: 3,
    place: { name: null, at: null },
    sale: { id: null, day: null, paid: "-0.01", when: null, isNew: false, raw: null },
  },
  {
    k: 4,
    place: { name: "", at: { lat: null, lon: Number.NaN } },
    sale: { id: -1n, day: null, paid: null, when: new Date(-1), isNew: null, raw: new Uint8Array(0) },
  },
];

const formats: readonly (readonly [string, Format])[] = [
  ["table", table({ types }) as never],
  ["parquet", parquet({ rows: true, types }) as never],
  ["parquet in small row groups", parquet({ rows: true, types, rowGroupRows: 1 }) as never],
  ["arrow", arrow({ rows: true, types }) as never],
];

async function bytesOf(format: unknown, payload: unknown): Promise<Uint8Array> {
  const { check, encode } = format as Format;
  await check(payload);
  return new Uint8Array(Buffer.concat(await encode(payload)));
}

describe("records of a struct come back field by field", () => {
  test.each(formats)("from %s", async (_name, format) => {
    for (const payload of [rows, [], rows.slice(1, 2), rows.slice(0, 1)]) {
      const bytes = await bytesOf(format, payload);
      expect(await format.decode(bytes, defaultDecodeLimits)).toEqual(payload);
      const select = format.selectColumns as SelectColumns;
      const part = await select(
        countedSource(bytes).source,
        { columns: ["sale"], rows: { start: 1, end: 3 } },
        defaultDecodeLimits,
      );
      expect(part.toRows()).toEqual(payload.slice(1, 3).map((row) => ({ sale: row.sale })));
      const whole = await select(countedSource(bytes).source, {}, defaultDecodeLimits);
      expect(whole.columns.map(({ type }) => type)).toEqual(["int32", place, sale]);
    }
  });

  test("and the compiler knows their fields", () => {
    const format = parquet({ rows: true, types });
    type Row = Parameters<typeof format.encode>[0][number];
    expectTypeOf<NonNullable<Row["place"]>>().toExtend<{
      readonly name: string | null;
      readonly at: { readonly lat: number | null; readonly lon: number | null } | null;
    }>();
    expectTypeOf<NonNullable<Row["sale"]>["id"]>().toEqualTypeOf<bigint | null>();
    // @ts-expect-error there is no such type
    () => struct({ a: "int" });
  });

  test("from a file that was written again", async () => {
    for (const format of [table({ columns: true }), parquet(), arrow()]) {
      const bytes = await bytesOf(format, tableFromRows(rows, { types: types as never }));
      const read = await (format as unknown as Format).decode(bytes, defaultDecodeLimits);
      const again = await bytesOf(format, read);
      expect(await (format as unknown as Format).decode(again, defaultDecodeLimits)).toStrictEqual(read);
    }
  });
});

describe("what is not a record of the struct is refused, with its place", () => {
  const getter = Object.defineProperty({}, "a", { get: () => 1, enumerable: true });
  const wrong: readonly unknown[] = [
    {},
    { a: 1 },
    { a: 1, b: "x", c: 2 },
    { a: 1, b: 2 },
    { a: undefined, b: null },
    { ...getter, b: "x", [Symbol()]: 1 },
    Object.assign(getter, { b: "x" }),
    new Map([["a", 1]]),
    Object.assign(Object.create(null), { a: 1, b: "x" }),
    [1, "x"],
    3,
  ];

  test.each([
    ["table", table({ types: { p: struct({ a: "int32", b: "string" }) } })],
    ["parquet", parquet({ rows: true, types: { p: struct({ a: "int32", b: "string" }) } })],
    ["arrow", arrow({ rows: true, types: { p: struct({ a: "int32", b: "string" }) } })],
  ])("by %s", async (_name, format) => {
    for (const cell of wrong) {
      const error = await (async () => await (format as never as Format).check([{ p: cell }]))().catch(
        (caught) => caught,
      );
      expect(error).toBeInstanceOf(UnsupportedPayloadError);
      expect(String(error)).toMatch(/payload\[0\]\.p/);
    }
  });

  test("and what a field cannot hold, by the names of the fields", async () => {
    const times = struct({ inner: struct({ when: "date", text: "string" }) });
    for (const format of [parquet({ rows: true, types: { t: times } }), arrow({ rows: true, types: { t: times } })]) {
      const check = async (inner: object) => await (format as never as Format).check([{ t: { inner } }]);
      await expect(check({ when: new Date(Number.NaN), text: "" })).rejects.toThrow(/payload\[0\]\.t\.inner\.when/);
      await expect(check({ when: null, text: "\ud800" })).rejects.toThrow(/payload\[0\]\.t\.inner\.text/);
    }
  });

  test("and so are fields that no struct has", () => {
    for (const fields of [{}, { a: "value" }, { a: "float32[]" }, { a: "struct()" }, { a: "nothing" }])
      expect(() => struct(fields as never)).toThrow(DefinitionError);
    expect(() => csv({ columns: { a: place as never } })).toThrow(DefinitionError);
    expect(() => ndjson({ columns: { a: place }, rows: true })).toThrow(DefinitionError);
    for (const type of [
      'struct({"a": "int32"})',
      'struct({"2":"int32","1":"int32"})',
      "struct([])",
      "struct(",
      'struct({"a":"struct({})"})',
    ])
      expect(() => parquet({ rows: true, types: { a: type as never } })).toThrow(/has no column type/);
  });
});

describe("other tools", () => {
  test("DuckDB sees structs, and finds rows by their fields", async () => {
    await using folder = await temporaryFolder();
    const ours = folder.join("ours.parquet");
    await writeFile(ours, await bytesOf(parquet({ rows: true, types, rowGroupRows: 1 }), rows));
    expect((await queryDuckdb(`select column_type from (describe select * from '${ours}')`)).flat()).toEqual([
      "INTEGER",
      'STRUCT("name" VARCHAR, "at" STRUCT(lat DOUBLE, lon DOUBLE))',
      'STRUCT(id BIGINT, "day" DATE, paid DECIMAL(6,2), "when" TIMESTAMP WITH TIME ZONE, isNew BOOLEAN, raw BLOB)',
    ]);
    expect(
      await queryDuckdb(`select k, place is null, place.at is null, sale.paid::text from '${ours}' order by k`),
    ).toEqual([
      [1, false, false, "12.50"],
      [2, true, true, null],
      [3, false, true, "-0.01"],
      [4, false, false, null],
    ]);
    expect(await queryDuckdb(`select k from '${ours}' where sale.paid > 3 or place.name = ''`)).toEqual([[1], [4]]);
  });

  test("structs of DuckDB are read, and are the same for it when they are written again", async () => {
    await using folder = await temporaryFolder();
    const [theirs, again] = [folder.join("theirs.parquet"), folder.join("again.parquet")];
    const query = `select i::int as i, case when i % 3 = 0 then null else {'x': i::int, 's': case when i % 2 = 0 then null else 's' || (i % 5) end,
      'in': case when i % 5 = 0 then null else {'t': timestamp '2020-01-01' + interval (i) second, 'd': (i / 8)::decimal(9,3)} end} end as s
      from range(5000) r(i)`;
    for (const options of ["parquet_version v1", "parquet_version v2", "codec uncompressed, dictionary_size_limit 1"]) {
      await queryDuckdb(`copy (${query}) to '${theirs}' (format parquet, row_group_size 2048, ${options})`);
      const read = await parquetCodec().decode(new Uint8Array(await readFile(theirs)), defaultDecodeLimits);
      expect(read.columns[1]?.type).toBe(
        'struct({"x":"int32","s":"string","in":{"t":"plainDateTime","d":"decimal(9,3)"}})',
      );
      expect(read.slice(0, 6).toRows()).toEqual([
        { i: 0, s: null },
        { i: 1, s: { x: 1, s: "s1", in: { t: "2020-01-01T00:00:01", d: "0.125" } } },
        { i: 2, s: { x: 2, s: null, in: { t: "2020-01-01T00:00:02", d: "0.250" } } },
        { i: 3, s: null },
        { i: 4, s: { x: 4, s: null, in: { t: "2020-01-01T00:00:04", d: "0.500" } } },
        { i: 5, s: { x: 5, s: "s0", in: null } },
      ]);
      await writeFile(again, await bytesOf(parquet({ rowGroupRows: 1500 }), read));
      const describe = (path: string) => queryDuckdb(`select column_type from (describe select * from '${path}')`);
      expect(await describe(again)).toEqual(await describe(theirs));
      expect(await queryDuckdb(`select i from (select * from '${again}' except select * from '${theirs}')`)).toEqual(
        [],
      );
    }
  });

  test("a field that is never null, in structs that may be, is read", async () => {
    const schema = [
      { name: "root", num_children: 1 },
      { name: "s", repetition_type: "OPTIONAL", num_children: 1 },
      { name: "x", repetition_type: "REQUIRED", type: "INT32" },
    ] as const;
    const data = [{ s: { x: 7 } }, { s: null }, { s: { x: 9 } }];
    const columnData = [{ name: "s", data: data.map(({ s }) => s) }];
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, schema: [...schema] }));
    const read = await parquetCodec().decode(bytes, defaultDecodeLimits);
    expect(read.toRows()).toEqual(data);
  });

  test("hyparquet reads ours", async () => {
    const bytes = await bytesOf(parquet({ rows: true, types }), rows);
    const read = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer, columns: ["k", "place"] });
    expect(read[0]).toEqual({ k: 1, place: rows[0]?.place });
    expect(read[1]).toEqual({ k: 2 });
  });

  test("apache-arrow and flechette read ours, and theirs are read", async () => {
    const bytes = await bytesOf(arrow({ rows: true, types }), rows);
    expect(String(apache.tableFromIPC(bytes).schema.fields[1]?.type)).toBe(
      "Struct<{name:Utf8, at:Struct<{lat:Float64, lon:Float64}>}>",
    );
    expect(
      tableFromIPC(bytes, { useBigInt: true })
        .toArray()
        .map((row) => row.place),
    ).toEqual(rows.map((row) => row.place));
    const word = apache.vectorFromArray(
      ["a", "b", null, "a"],
      new apache.Dictionary(new apache.Utf8(), new apache.Int8()),
    );
    const day = apache.vectorFromArray([new Date(0), null, new Date(86_400_000), null], new apache.DateDay());
    const type = new apache.Struct([
      new apache.Field("word", word.type, true),
      new apache.Field("day", day.type, true),
    ]);
    const children = [word.data[0], day.data[0]];
    const data = apache.makeData({ type, length: 4, nullCount: 1, nullBitmap: Uint8Array.of(7), children } as never);
    const theirs = new apache.Table({
      k: apache.vectorFromArray([1, 2, 3, 4], new apache.Int32()),
      s: new apache.Vector([data as apache.Data]),
    });
    const read = await arrowCodec.decode(apache.tableToIPC(theirs, "file"), defaultDecodeLimits);
    expect(read.toRows()).toEqual([
      { k: 1, s: { word: "a", day: "1970-01-01" } },
      { k: 2, s: { word: "b", day: null } },
      { k: 3, s: { word: null, day: "1970-01-02" } },
      { k: 4, s: null },
    ]);
  });
});

test("a field that its type cannot hold is refused with its row, and hides nothing else", async () => {
  await using folder = await temporaryFolder();
  const path = folder.join("theirs.parquet");
  await queryDuckdb(
    `copy (select i::int as k, {'d': case when i = 2 then date 'infinity' else date '2020-01-01' end} as s from range(4) r(i)) to '${path}' (format parquet)`,
  );
  const bytes = new Uint8Array(await readFile(path));
  await expect(async () => parquetCodec().decode(bytes, defaultDecodeLimits)).rejects.toThrow(/row 2 of column "d"/);
  const select = async (columns: string[], start: number, end: number) =>
    (
      await parquetCodec().selectColumns?.(
        countedSource(bytes).source,
        { columns, rows: { start, end } },
        defaultDecodeLimits,
      )
    )?.toRows();
  expect(await select(["s"], 0, 2)).toEqual([{ s: { d: "2020-01-01" } }, { s: { d: "2020-01-01" } }]);
  expect(await select(["k"], 2, 3)).toEqual([{ k: 2 }]);
});
