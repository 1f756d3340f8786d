import * as arrow from "apache-arrow";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { DecodeError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { npz } from "../../src/format/npy/npz-format.ts";
import { parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import type { TableCodec } from "../../src/format/tabular/tabular.ts";
import { countedSource } from "../support/counted-source.ts";
import { readFixture } from "../support/read-fixture.ts";

async function select(codec: TableCodec, bytes: Uint8Array, columns: readonly string[]): Promise<object[] | undefined> {
  const part = await codec.selectColumns?.(countedSource(bytes).source, { columns }, defaultDecodeLimits);
  return part?.toRows();
}

const before = arrow.vectorFromArray([1, 2, 3], new arrow.Int32());
const after = arrow.vectorFromArray(["a", null, "ü"], new arrow.Utf8());

function fileOf(vector: arrow.Vector, ...batches: readonly arrow.Vector[]): Uint8Array {
  const tables = [vector, ...batches].map((odd) => new arrow.Table({ before, odd, after } as never));
  return arrow.tableToIPC(
    tables.reduce((all, table) => all.concat(table) as never),
    "file",
  );
}

function union(mode: "dense" | "sparse"): arrow.Vector {
  const children = [new arrow.Field("i", new arrow.Int32(), true), new arrow.Field("s", new arrow.Utf8(), true)];
  const numbers = arrow.makeData({ type: new arrow.Int32(), data: Int32Array.of(1, 2, 3) });
  const texts = arrow.vectorFromArray(["x", "y", "z"], new arrow.Utf8()).data[0];
  const typeIds = Int8Array.of(0, 1, 0);
  const type = mode === "dense" ? new arrow.DenseUnion([0, 1], children) : new arrow.SparseUnion([0, 1], children);
  const data = {
    type,
    length: 3,
    nullCount: 0,
    typeIds,
    children: [numbers, texts],
    ...(mode === "dense" ? { valueOffsets: Int32Array.of(0, 1, 2) } : {}),
  };
  return new arrow.Vector([arrow.makeData(data as never) as never]);
}

const odd: readonly (readonly [string, () => arrow.Vector, RegExp])[] = [
  [
    "an interval",
    () =>
      new arrow.Vector([
        arrow.makeData({ type: new arrow.IntervalYearMonth(), data: Int32Array.of(1, 2, 3) } as never) as never,
      ]),
    /column odd is of Arrow's type Interval/,
  ],
  ["a dense union", () => union("dense"), /column odd is of Arrow's type Union/],
  ["a sparse union", () => union("sparse"), /column odd is of Arrow's type Union/],
  [
    "a list",
    () =>
      arrow.vectorFromArray([["x"], [], ["y", "z"]], new arrow.List(new arrow.Field("item", new arrow.Utf8(), true))),
    /column odd holds lists of something else than numbers/,
  ],
];

describe("a column of Arrow of a type that is not read hides no other column, and is named with its type", () => {
  test.each(odd)("%s, in one record batch or several", async (_what, create, message) => {
    for (const bytes of [fileOf(create()), fileOf(create(), create())]) {
      const rows = (await select(arrowCodec, bytes, ["after", "before"])) ?? [];
      expect(rows.slice(0, 3)).toEqual([
        { after: "a", before: 1 },
        { after: null, before: 2 },
        { after: "ü", before: 3 },
      ]);
      expect(rows.length % 3).toBe(0);
      for (const read of [
        () => arrowCodec.decode(bytes, defaultDecodeLimits),
        () => select(arrowCodec, bytes, ["odd"]),
      ]) {
        await expect(async () => await read()).rejects.toThrow(DecodeError);
        await expect(async () => await read()).rejects.toThrow(message);
      }
    }
  });

  test("text of Polars, which lies in views", async () => {
    const bytes = await readFixture("polars-text.arrow");
    const numbers = await select(arrowCodec, bytes, ["i"]);
    expect(numbers?.map((row) => Number((row as { i: number | bigint }).i))).toEqual([1, 2, 3]);
    expect(await select(arrowCodec, bytes, ["f"])).toEqual([{ f: 1.5 }, { f: null }, { f: Number.NaN }]);
    expect(await select(arrowCodec, bytes, ["d"])).toHaveLength(3);
    expect(await select(arrowCodec, bytes, ["s"])).toHaveLength(3);
    expect((await arrowCodec.decode(bytes, defaultDecodeLimits)).rowCount).toBe(3);
  });

  /**
   * Gives a column a type that no reader knows yet: it changes the one byte that says the type of a
   * duration.
   */
  async function newer(bytes: Uint8Array): Promise<Uint8Array> {
    const duration = 18;
    for (let at = bytes.length - 11; at > 0; at--) {
      if (bytes[at] !== duration) continue;
      const changed = bytes.slice();
      changed[at] = 77;
      const problem = await select(arrowCodec, changed, ["odd"]).then(
        () => "",
        (error: Error) => error.message,
      );
      if (problem.includes("number 77")) return changed;
    }
    throw new Error("There is no such byte.");
  }

  test("a type that is newer than this reader", async () => {
    const duration = arrow.makeData({ type: new arrow.DurationSecond(), data: BigInt64Array.of(1n, 2n, 3n) } as never);
    const bytes = await newer(fileOf(new arrow.Vector([duration as never])));
    expect(await select(arrowCodec, bytes, ["before"])).toEqual([{ before: 1 }, { before: 2 }, { before: 3 }]);
    expect(await select(arrowCodec, bytes, ["after"])).toEqual([{ after: "a" }, { after: null }, { after: "ü" }]);
    await expect(async () => await select(arrowCodec, bytes, ["odd"])).rejects.toThrow(/newer than this reader/);
  });
});

test("pages of Parquet compressed by zstd, which is the default of Polars, are read", async () => {
  const read = await parquetCodec().decode(await readFixture("polars-zstd.parquet"), defaultDecodeLimits);
  expect(read.rowCount).toBe(3);
});

describe("an array of NumPy that is not read hides no other one of its archive", () => {
  test("where the others are asked for", async () => {
    const files = unzipSync(await readFixture("numpy-one-bool-one-text.npz"));
    const [x] = Object.values(unzipSync(Buffer.concat(await npz().encode({ x: Float64Array.of(1, 2) }))));
    const archive = zipSync({ "m.npy": files["s.npy"] as Uint8Array, "x.npy": x as Uint8Array });
    const all = npz().decode(archive.slice(), defaultDecodeLimits);
    await expect(all).rejects.toThrow(DecodeError);
    await expect(all).rejects.toThrow(/the bytes of "m" are not an array.*npz\(\{ only: \[their names\] \}\)/);
    const x2 = await npz({ only: ["x", "y"] }).decode(archive.slice(), defaultDecodeLimits);
    expect(x2).toEqual({ x: Float64Array.of(1, 2) });
    await expect(npz({ only: ["m"] }).decode(archive.slice(), defaultDecodeLimits)).rejects.toThrow(DecodeError);
    expect(await npz({ only: [] }).decode(archive.slice(), defaultDecodeLimits)).toEqual({});
  });

  test("and what is not asked for cannot be written either", async () => {
    const format = npz({ only: ["x"] });
    await format.check({ x: Float64Array.of(1) });
    await expect(async () => await format.check({ x: Float64Array.of(1), y: Float64Array.of(2) })).rejects.toThrow(
      UnsupportedPayloadError,
    );
    const both = Buffer.concat(await npz().encode({ x: Float64Array.of(1), y: Float64Array.of(2) }));
    expect(await format.decode(new Uint8Array(both), defaultDecodeLimits)).toEqual({ x: Float64Array.of(1) });
    expect(format.id).toBe("npz");
  });
});
