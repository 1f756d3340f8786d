import { describe, expect, test } from "vitest";
import { DecodeError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { countedSource } from "../support/counted-source.ts";
import { type MadeColumn, makeParquet } from "../support/make-parquet.ts";
import { readFixture } from "../support/read-fixture.ts";
import { varint } from "../support/thrift-writer.ts";

async function rowsOf(bytes: Uint8Array): Promise<object[]> {
  return (await parquetCodec().decode(bytes, defaultDecodeLimits)).toRows();
}

const UNKNOWN = { 11: {} };
const id: MadeColumn = { name: "id", type: 1, values: Buffer.from(Int32Array.of(1, 2, 3).buffer) };
/** By its number: what three values of each physical type take. */
const physical: readonly { readonly name: string; readonly type: number; readonly values: Uint8Array }[] = [
  { name: "BOOLEAN", type: 0, values: Uint8Array.of(7) },
  { name: "INT32", type: 1, values: Buffer.alloc(12, 1) },
  { name: "INT64", type: 2, values: Buffer.alloc(24, 1) },
  { name: "INT96", type: 3, values: Buffer.alloc(36, 1) },
  { name: "FLOAT", type: 4, values: Buffer.alloc(12, 1) },
  { name: "DOUBLE", type: 5, values: Buffer.alloc(24, 1) },
  { name: "BYTE_ARRAY", type: 6, values: Uint8Array.of(1, 0, 0, 0, 65, 1, 0, 0, 0, 65, 1, 0, 0, 0, 65) },
  { name: "FIXED_LEN_BYTE_ARRAY", type: 7, values: Buffer.alloc(6, 1) },
];

describe("a column of the type UNKNOWN, which is always null,", () => {
  test("of arrow-rs, that is not optional, is null in every row", async () => {
    expect(await rowsOf(await readFixture("parquet-null-type-required.parquet"))).toEqual([
      { n: null, k: 1 },
      { n: null, k: 2 },
      { n: null, k: 3 },
    ]);
  });

  const nulls = [
    { id: 1, n: null },
    { id: 2, n: null },
    { id: 3, n: null },
  ];
  const none = [false, false, false];

  test.each(physical)(
    "made of $name is null, required or optional, in both kinds of pages",
    async ({ type, values }) => {
      const head = { name: "n", type, typeLength: type === 7 ? 2 : 0, logical: UNKNOWN };
      const empty = { ...head, present: none, values: new Uint8Array(0) };
      for (const version of [1, 2] as const)
        for (const column of [{ ...head, values }, empty, { ...empty, present: [true, true, true], values }]) {
          const bytes = makeParquet(3, [id, { ...column, version }]);
          expect(await rowsOf(bytes)).toEqual(nulls);
          const part = await parquetCodec().selectColumns?.(
            countedSource(bytes).source,
            { columns: ["n"], rows: { start: 1, end: 2 } },
            defaultDecodeLimits,
          );
          expect(part?.toRows()).toEqual([{ n: null }]);
        }
    },
  );

  test("is written again, and is null again", async () => {
    const codec = parquetCodec();
    const table = await codec.decode(await readFixture("parquet-null-type-required.parquet"), defaultDecodeLimits);
    await codec.check(table);
    const again = new Uint8Array(Buffer.concat(await codec.encode(table)));
    expect(await codec.decode(again, defaultDecodeLimits)).toStrictEqual(table);
  });
});

test("a timestamp of a unit that is not known is refused, rather than read as a bare number", async () => {
  const t: MadeColumn = { name: "t", type: 2, values: Buffer.alloc(24, 1), logical: { 8: { 1: true, 2: { 4: {} } } } };
  await expect(rowsOf(makeParquet(3, [id, t]))).rejects.toThrow(/column t counts time in an unknown unit/);
});

describe("a page of the second kind may say levels that a flat column does not need", () => {
  const rows = [true, null, false, true, null, true];
  const present = rows.map((value) => value !== null);
  const bits = Uint8Array.of(0b1101);
  /** Zeros, as many as there are rows, in a run or packed; of a width of none, and of one bit. */
  const repetitions: readonly (readonly [string, readonly number[]])[] = [
    ["none", []],
    ["a run of no bits", [...varint(BigInt(rows.length) << 1n)]],
    ["a run of one bit", [...varint(BigInt(rows.length) << 1n), 0]],
    ["packed bits", [(1 << 1) | 1, 0]],
    ["two runs", [...varint(6n), 0, ...varint(6n), 0]],
  ];

  test("of a Go writer", async () => {
    expect(await rowsOf(await readFixture("parquet-v2-repetition-levels.parquet"))).toEqual(rows.map((b) => ({ b })));
  });

  test.each(repetitions)("repetition levels as %s, before an optional column", async (_what, repetition) => {
    const bytes = makeParquet(6, [{ name: "b", type: 0, values: bits, present, version: 2, repetition }]);
    expect(await rowsOf(bytes)).toEqual(rows.map((b) => ({ b })));
  });

  test.each(repetitions)("repetition levels as %s, before a required column", async (_what, repetition) => {
    const bytes = makeParquet(4, [{ name: "b", type: 0, values: bits, version: 2, repetition }]);
    expect(await rowsOf(bytes)).toEqual([true, false, true, true].map((b) => ({ b })));
  });

  test("no definition levels at all, where no row is null", async () => {
    const column: MadeColumn = { name: "b", type: 0, values: bits, present: [true, true, true, true], version: 2 };
    expect(await rowsOf(makeParquet(4, [{ ...column, levels: [] }]))).toEqual(
      [true, false, true, true].map((b) => ({ b })),
    );
  });

  test("and booleans in runs, whose length comes first", async () => {
    const runs = [...varint(2n), 1, ...varint(2n), 0, ...varint(4n), 1];
    const values = Uint8Array.of(runs.length, 0, 0, 0, ...runs);
    for (const version of [1, 2] as const) {
      const bytes = makeParquet(6, [{ name: "b", type: 0, values, present, version, encoding: 3 }]);
      expect(await rowsOf(bytes)).toEqual(rows.map((b) => ({ b })));
    }
  });

  test("more of them than the page holds is damage", async () => {
    const bytes = makeParquet(6, [{ name: "b", type: 0, values: bits, present, version: 2 }]);
    const damaged = bytes.slice();
    // The number of bytes of the definition levels is the 7th field of the page's head: 12, in
    // zigzag 24.
    const at = damaged.indexOf(24);
    damaged[at] = 126;
    await expect(rowsOf(damaged)).rejects.toThrow(/more bytes of levels/);
  });
});

describe("JSON in a cell of another writer is read as JSON", () => {
  function written(json: string): Uint8Array {
    const text = Buffer.from(json);
    const values = Buffer.concat([Buffer.alloc(4), text]);
    values.writeUInt32LE(text.length);
    return makeParquet(1, [
      { name: "id", type: 1, values: Uint8Array.of(7, 0, 0, 0) },
      { name: "j", type: 6, values, present: [true], logical: { 12: {} } },
    ]);
  }

  test.each([
    ["-0", 0],
    ['{"a":[-0,-0.5,-0e3],"b":"-0","-0":{"c":-0.0}}', { a: [0, -0.5, 0], b: "-0", "-0": { c: 0 } }],
    ["[1e3,1E-400,null,[null,-0]]", [1000, 0, null, [null, 0]]],
    ["null", null],
    ['"\\ud800"', "\ud800"],
  ])("%s", async (json, value) => {
    const codec = parquetCodec();
    const table = await codec.decode(written(json), defaultDecodeLimits);
    expect(table.toRows()).toStrictEqual([{ id: 7, j: value }]);
    await codec.check(table);
  });

  test.each(["1e400", '{"a":[-1e999]}', `[${"9".repeat(400)}]`])(
    "%s is refused, and hides no other column",
    async (json) => {
      const bytes = written(json);
      await expect(rowsOf(bytes)).rejects.toThrow(DecodeError);
      await expect(rowsOf(bytes)).rejects.toThrow(
        /column "j" holds JSON that cannot be read .*a number that is too large/,
      );
      const part = await parquetCodec().selectColumns?.(
        countedSource(bytes).source,
        { columns: ["id"] },
        defaultDecodeLimits,
      );
      expect(part?.toRows()).toEqual([{ id: 7 }]);
    },
  );
});
