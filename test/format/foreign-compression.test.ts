import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { DecodeLimitError } from "../../src/errors/format-errors.ts";
import { arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { expandLz4Block, expandLz4Frames, expandLz4Hadoop } from "../../src/format/lz4.ts";
import { parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { expectHarmlessTables } from "../support/damaged-copies.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { readFixture } from "../support/read-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);

/** The table that pyarrow wrote into the fixtures. */
const written = Array.from({ length: 300 }, (_, i) => ({
  i: i % 7,
  f: i % 3 === 0 ? null : i / 4,
  s: i % 2 === 1 ? "a text that repeats" : `é${i % 5}`,
  e: Float32Array.of(i % 3, 0.5),
}));

describe("what pyarrow writes", () => {
  test("as Feather with LZ4, which is its default, is read", async () => {
    const read = await arrowCodec.decode(await readFixture("pyarrow-lz4.arrow"), defaultDecodeLimits);
    expect(read.toRows()).toEqual(written);
  });

  test("as Feather with zstd is read", async () => {
    const read = await arrowCodec.decode(await readFixture("pyarrow-zstd.arrow"), defaultDecodeLimits);
    expect(read.toRows()).toEqual(written);
  });

  test("as Parquet with LZ4 is read", async () => {
    const read = await parquetCodec().decode(await readFixture("pyarrow-lz4.parquet"), defaultDecodeLimits);
    expect(read.toRows()).toEqual(written);
  });

  test("and damaged ends as a DecodeError, within the limits", async () => {
    const feather = await readFixture("pyarrow-lz4.arrow");
    const views = await readFixture("polars-views-lz4.arrow");
    const file = await readFixture("pyarrow-lz4.parquet");
    const zstd = await readFixture("pyarrow-zstd.arrow");
    await expectHarmlessTables([feather, views, zstd], mutations, (bytes, limits) => arrowCodec.decode(bytes, limits));
    const ofPolars = await readFixture("polars-zstd.parquet");
    await expectHarmlessTables([file, ofPolars], mutations, (bytes, limits) => parquetCodec().decode(bytes, limits));
    await expect(async () => arrowCodec.decode(feather, resolveDecodeLimits({ maxBytes: 5000 }))).rejects.toThrow(
      DecodeLimitError,
    );
  });
});

describe("what Polars writes", () => {
  test.each(["polars-views.arrow", "polars-views-lz4.arrow"])(
    "as views of texts and bytes is read: %s",
    async (name) => {
      const read = await arrowCodec.decode(await readFixture(name), defaultDecodeLimits);
      expect(read.toRows()).toEqual([
        {
          short: "a",
          long: "a text of more than twelve bytes",
          raw: Uint8Array.of(0, 1),
          kind: "one",
          e: Float32Array.of(0.5, 1.5),
        },
        {
          short: null,
          long: null,
          raw: new Uint8Array(20).fill(120),
          kind: "another kind of text",
          e: new Float32Array(0),
        },
        { short: "twelve bytes", long: "another long text, é and ü", raw: null, kind: "one", e: null },
        { short: "é", long: "", raw: new Uint8Array(0), kind: null, e: Float32Array.of(2.5) },
      ]);
    },
  );
});

test.each(["lz4_raw", "zstd"])("what DuckDB writes with %s is read", async (codec) => {
  await using folder = await temporaryFolder();
  const path = folder.join("rows.parquet");
  await queryDuckdb(
    `copy (select i::integer as i, 'text ' || (i % 10) as s from range(20000) r(i)) to '${path}' (format parquet, codec ${codec})`,
  );
  const read = await parquetCodec().decode(new Uint8Array(await readFile(path)), defaultDecodeLimits);
  expect(read.rowCount).toBe(20_000);
  expect(read.slice(19_998).toRows()).toEqual([
    { i: 19_998, s: "text 8" },
    { i: 19_999, s: "text 9" },
  ]);
});

describe("LZ4", () => {
  // The letters "ab", repeated to ten, and then "c" as a literal.
  const block = Uint8Array.of(0x24, 97, 98, 2, 0, 0x10, 99);

  test("repeats what overlaps, also in blocks that Hadoop frames", () => {
    const output = new Uint8Array(11);
    expect(expandLz4Block(block, output, 0)).toBe(11);
    expect(Buffer.from(output).toString()).toBe("abababababc");
    const framed = Uint8Array.of(
      0,
      0,
      0,
      11,
      0,
      0,
      0,
      block.length,
      ...block,
      0,
      0,
      0,
      11,
      0,
      0,
      0,
      block.length,
      ...block,
    );
    expect(Buffer.from(expandLz4Hadoop(framed, 22) ?? []).toString()).toBe("abababababc".repeat(2));
    expect(expandLz4Hadoop(block, 11)).toBeUndefined();
  });

  test("refuses what is damaged", () => {
    for (const bad of [
      [0x24, 97, 98, 3, 0], // It repeats what was before the beginning.
      [0x24, 97, 98, 0, 0], // It repeats from a distance of nothing.
      [0x2f, 97, 98, 2, 0, 255, 255, 0], // It is longer than the output.
      [0xf0, 255], // Its length is cut off.
      [0x50, 97], // Its literals are cut off.
    ])
      expect(() => expandLz4Block(Uint8Array.from(bad), new Uint8Array(20), 0)).toThrow(/damaged/);
    expect(() => expandLz4Frames(Uint8Array.of(1, 2, 3, 4), 1)).toThrow();
  });
});
