import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../src/errors/format-errors.ts";
import { arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { TableSelection } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { type Count, type InstantKind, instantKinds, plainKinds } from "../support/instant-files.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { readFixture } from "../support/read-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);
const MAX_MS = 8_640_000_000_000_000n;

/** How many make a millisecond, or how many milliseconds they make. */
const NANOSECONDS = {
  day: 86_400_000_000_000n,
  second: 1_000_000_000n,
  millisecond: 1_000_000n,
  microsecond: 1000n,
  nanosecond: 1n,
};

/** Computes the milliseconds that have passed, slowly, by their definition. */
function flooredMs(count: bigint, unit: InstantKind["unit"]): bigint {
  const nanoseconds = count * NANOSECONDS[unit];
  const rest = ((nanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return (nanoseconds - rest) / 1_000_000n;
}

const codecs = { parquet: parquetCodec(), arrow: arrowCodec };

async function decode({ format }: InstantKind, bytes: Uint8Array): Promise<ColumnTable> {
  return await codecs[format].decode(bytes, defaultDecodeLimits);
}

async function select({ format }: InstantKind, bytes: Uint8Array, selection: TableSelection): Promise<object[]> {
  const part = await codecs[format].selectColumns?.(countedSource(bytes).source, selection, defaultDecodeLimits);
  return part?.toRows() ?? [];
}

/** Counts that a Date can hold, many of them next to a millisecond, to 1970 and to the ends. */
function countsOf({ unit, bits }: InstantKind): fc.Arbitrary<Count[]> {
  const nanoseconds = NANOSECONDS[unit];
  const perMs = nanoseconds >= 1_000_000n ? 1n : 1_000_000n / nanoseconds;
  const bound = bits === 32 ? 2n ** 31n - 1n : 2n ** 63n - 1n;
  const most = bits === 96 ? MAX_MS * 1_000_000n : minimum(bound, (MAX_MS * 1_000_000n) / nanoseconds);
  const near = fc
    .tuple(fc.bigInt({ min: -(most / perMs) + 2n, max: most / perMs - 2n }), fc.constantFrom(-1n, 0n, 1n))
    .map(([ms, off]) => ms * perMs + off);
  const cell = fc.oneof(
    fc.bigInt({ min: -most, max: most }),
    near,
    fc.bigInt({ min: -3n * perMs, max: 3n * perMs }),
    fc.constantFrom(most, -most),
  );
  return fc.array(fc.option(cell, { freq: 8 }), { minLength: 1, maxLength: 20 });
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

describe("an instant that is finer than a Date is read as the millisecond that it lies in, before 1970 too", () => {
  test.each(instantKinds.map((kind) => [kind.name, kind] as const))("%s", async (_name, kind) => {
    await fc.assert(
      fc.asyncProperty(countsOf(kind), async (counts) => {
        const rows = (await decode(kind, kind.create(counts))).toRows();
        expect(rows).toStrictEqual(
          counts.map((count, k) => ({
            k,
            t: count === null ? null : new Date(Number(flooredMs(count, kind.unit))),
          })),
        );
      }),
      { numRuns: runs },
    );
  });

  test("of Python's msgpack", async () => {
    const decoded = await msgpack().decode(await readFixture("msgpack-before-1970.msgpack"), defaultDecodeLimits);
    expect(decoded).toEqual(new Date("1969-12-31T23:59:59.998Z"));
  });

  test("of MessagePack, in every size, without a change of the bytes that were given", async () => {
    const seconds = fc.oneof(
      fc.bigInt({ min: -8_640_000_000_000n, max: 8_639_999_999_999n }),
      fc.bigInt({ min: -2n, max: 2n }),
      fc.bigInt({ min: 0n, max: 2n ** 34n - 1n }),
    );
    const nanoseconds = fc.oneof(
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.constantFrom(0, 1, 999_999, 1_000_000, 500_000, 999_999_999, 999_000_000),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(seconds, nanoseconds), { maxLength: 12 }), async (stamps) => {
        const bytes = Uint8Array.from([0x90 + stamps.length, ...stamps.flatMap(timestampBytes)]);
        const before = bytes.slice();
        const dates = await msgpack().decode(bytes, defaultDecodeLimits);
        expect(dates).toStrictEqual(
          stamps.map(([second, ns]) => new Date(Number(flooredMs(second * 1_000_000_000n + BigInt(ns), "nanosecond")))),
        );
        expect(bytes).toStrictEqual(before);
      }),
      { numRuns: runs * 5 },
    );
  });

  test("what we write ourselves is as before", async () => {
    const dates = [new Date(-1), new Date(-1001), new Date(-8.64e15), new Date(8.64e15), new Date(0)];
    const [bytes = new Uint8Array(0)] = await msgpack().encode(dates);
    expect(await msgpack().decode(new Uint8Array(bytes), defaultDecodeLimits)).toStrictEqual(dates);
    expect(new Packr({}).unpack(bytes)).toStrictEqual(dates);
  });
});

/** In the smallest of the three sizes that holds it. */
function timestampBytes([seconds, nanoseconds]: readonly [bigint, number]): number[] {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(nanoseconds);
  bytes.writeBigInt64BE(seconds, 4);
  if (seconds < 0n || seconds >= 2n ** 34n) return [0xc7, 12, 0xff, ...bytes];
  if (nanoseconds === 0 && seconds < 2n ** 32n) return [0xd6, 0xff, ...bytes.subarray(8)];
  bytes.writeBigUInt64BE((BigInt(nanoseconds) << 34n) | seconds, 4);
  return [0xd7, 0xff, ...bytes.subarray(4)];
}

describe("an instant that no Date can hold is refused, with its column and its row, and hides nothing else", () => {
  const beyond = instantKinds.filter(({ unit, bits }) => bits !== 32 && !(unit === "nanosecond" && bits === 64));

  test.each([
    ...beyond.map((kind) => [kind.name, kind] as const),
    ...plainKinds.filter(([, { unit }]) => unit === "day").map(([, kind]) => [kind.name, kind] as const),
  ])("%s", async (_name, kind) => {
    const { unit, bits } = kind;
    const first =
      (MAX_MS * 1_000_000n) / NANOSECONDS[unit] +
      (unit === "nanosecond" ? 1_000_000n : unit === "microsecond" ? 1000n : 1n);
    const infinity = bits === 32 ? 2n ** 31n - 1n : bits === 64 ? 2n ** 63n - 1n : first * 3n;
    for (const count of [infinity, -infinity, first, -first]) {
      const bytes = kind.create([0n, 1n, count, null]);
      await expect(decode(kind, bytes)).rejects.toThrow(DecodeError);
      await expect(decode(kind, bytes)).rejects.toThrow(/row 2 of column "t".*(no Date can|plainDate cannot) hold/);
      await expect(select(kind, bytes, { rows: { start: 1, end: 4 } })).rejects.toThrow(/row 2 of column "t"/);
      expect(await select(kind, bytes, { columns: ["k"] })).toEqual([{ k: 0 }, { k: 1 }, { k: 2 }, { k: 3 }]);
      expect(await select(kind, bytes, { columns: ["t"], rows: { start: 3, end: 4 } })).toEqual([{ t: null }]);
      expect(await select(kind, bytes, { columns: ["k"], rows: { start: 2, end: 3 } })).toEqual([{ k: 2 }]);
    }
  });

  test("the last millisecond of all Dates is none of them, however fine it is counted", async () => {
    const finest = instantKinds.filter(({ name }) => name === "parquet: timestamp of microseconds");
    for (const kind of finest) {
      const most = MAX_MS * 1000n + 999n;
      expect((await decode(kind, kind.create([most]))).toRows()).toEqual([{ k: 0, t: new Date(8.64e15) }]);
      await expect(decode(kind, kind.create([-MAX_MS * 1000n - 1n]))).rejects.toThrow(DecodeError);
    }
  });

  test("of DuckDB: infinity, in several row groups, whatever the encoding", async () => {
    await using folder = await temporaryFolder();
    for (const options of ["", ", parquet_version v2, dictionary_size_limit 1"]) {
      const path = folder.join("theirs.parquet");
      await queryDuckdb(
        `copy (select i, case when i = 5000 then timestamp 'infinity' else timestamp '2020-01-01' end a,
           case when i = 4000 then date '-infinity' end b from range(6000) t(i)) to '${path}' (format parquet, row_group_size 2048${options})`,
      );
      const bytes = new Uint8Array(await (await import("node:fs/promises")).readFile(path));
      const kind = { format: "parquet" } as InstantKind;
      await expect(decode(kind, bytes)).rejects.toThrow(/row 5000 of column "a"/);
      await expect(select(kind, bytes, { columns: ["b"], rows: { start: 2500, end: 6000 } })).rejects.toThrow(
        /row 4000 of column "b"/,
      );
      expect(await select(kind, bytes, { rows: { start: 0, end: 1 } })).toEqual([
        { i: 0n, a: "2020-01-01T00:00:00", b: null },
      ]);
      expect(await select(kind, bytes, { columns: ["i"], rows: { start: 5000, end: 5001 } })).toEqual([{ i: 5000n }]);
    }
  });

  test.each([
    [
      "msgpack",
      () =>
        msgpack().decode(
          Uint8Array.of(0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255),
          defaultDecodeLimits,
        ),
    ],
    [
      "csv",
      () =>
        csv({ columns: { t: "date" } }).decode(
          new TextEncoder().encode("t\n+290000-01-01T00:00:00.000Z\n"),
          defaultDecodeLimits,
        ),
    ],
    [
      "csv, infinity",
      () => csv({ columns: { t: "date" } }).decode(new TextEncoder().encode("t\ninfinity\n"), defaultDecodeLimits),
    ],
    [
      "ndjson",
      () =>
        ndjson({ columns: { t: "date" } }).decode(
          new TextEncoder().encode('{"t":"+290000-01-01T00:00:00.000Z"}\n'),
          defaultDecodeLimits,
        ),
    ],
  ])("of %s", async (_name, read) => {
    await expect(async () => await read()).rejects.toThrow(DecodeError);
  });
});
