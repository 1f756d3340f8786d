import { describe, expect, test } from "vitest";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import { avro } from "../../src/format/avro/avro-format.ts";
import { readAvro } from "../../src/format/avro/read-avro.ts";
import { expandSnappy } from "../../src/format/snappy.ts";
import { bytesOf, expectHarmlessTables } from "../support/damaged-copies.ts";
import { fixturePath, readFixture } from "../support/read-fixture.ts";

const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);

/** The rows that fastavro wrote into the fixture. */
const written = Array.from({ length: 60 }, (_, i) => ({
  id: 2n ** 53n + BigInt(i),
  n: i % 3 === 0 ? null : i,
  km: i / 4,
  f: i / 2,
  ok: i % 2 === 0,
  city: i % 5 === 0 ? null : `a city named ${i % 4}`,
  raw: Uint8Array.of(i, 1),
  kind: i % 2 === 1 ? "TRAM" : "BUS",
  day: new Date((i - 1) * 86_400_000).toISOString().slice(0, 10),
  at: i % 7 === 0 ? null : new Date(-2 + i),
  ms: new Date(Date.UTC(2026, 0, 1, 0, 0, i)),
  price: ((i * 100 - 505) / 100).toFixed(2),
  fee: i === 0 ? "0.000" : (-i / 1000).toFixed(3),
  uuid: "123e4567-e89b-12d3-a456-426614174000",
  e: Float32Array.of(i, 0.5),
  tags: Array.from({ length: i % 3 }, () => "x"),
  m: { a: BigInt(i) },
  sub: i % 2 === 1 ? null : { a: i, t: new Date(Date.UTC(2026, 0, 1)) },
  mixed: [null, i, String(i)][i % 3],
}));

describe("a file of another writer", () => {
  test("is read by its own schema, with logical types and blocks of snappy", async () => {
    const table = await readAvro(fixturePath("fastavro-snappy.avro"));
    expect(table.toRows()).toEqual(written);
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      id: "int64",
      n: "int32",
      f: "float32",
      kind: "string",
      day: "plainDate",
      at: "date",
    });
    expect(types).toMatchObject({
      price: "decimal(10,2)",
      fee: "decimal(10,3)",
      e: "float32[]",
      m: "value",
      mixed: "value",
    });
  });

  test("gives some columns, and longs as numbers", async () => {
    const bytes = await readFixture("fastavro-snappy.avro");
    const table = await readAvro(bytes, { columns: ["ok", "km"] });
    expect(table.columns.map(({ name }) => name)).toEqual(["km", "ok"]);
    await expect(readAvro(bytes, { columns: ["kn"] })).rejects.toThrow(/no column "kn"; there are id, n, km/);
    await expect(readAvro(bytes, { longs: "number" })).rejects.toThrow(DecodeError);
  });

  test("that is compressed in a way that is not read is refused by the name of its codec", async () => {
    await expect(readAvro(fixturePath("fastavro-bzip2.avro"))).rejects.toThrow(/compressed by "bzip2".*snappy/);
  });

  test("that is damaged ends as a DecodeError, within the limits", async () => {
    const bytes = await readFixture("fastavro-snappy.avro");
    await expectHarmlessTables([bytes], mutations, (copy, limits) => readAvro(copy, { limits }));
    const end = bytes.lastIndexOf(120);
    const flipped = bytes.slice();
    flipped[end] = 121;
    await expect(readAvro(flipped)).rejects.toThrow(/checksum|elsewhere|decompressed/);
  });
});

test("a file of values that are not records has one column, and nulls have no limit but the count", async () => {
  const numbers = avro({ schema: "long" });
  const bytes = await bytesOf(numbers, [1, 2, 3]);
  expect((await readAvro(bytes, { longs: "number" })).toRows()).toEqual([{ value: 1 }, { value: 2 }, { value: 3 }]);
  const nothing = await bytesOf(avro({ schema: "null" }), Array<null>(100).fill(null));
  await expect(readAvro(nothing, { limits: { maxNodes: 50 } })).rejects.toThrow(DecodeLimitError);
  expect((await readAvro(await bytesOf(numbers, []))).columns.map(({ type }) => type)).toEqual(["int64"]);
});

test("a time that no Date can hold is refused with its column and row, and hides no other column", async () => {
  const at = { type: "long", logicalType: "timestamp-millis" };
  const schema = {
    type: "record",
    name: "R",
    fields: [
      { name: "at", type: at },
      { name: "n", type: "int" },
    ],
  };
  const bytes = await bytesOf(avro({ schema }), [
    { at: 0, n: 1 },
    { at: 2 ** 53 - 1, n: 2 },
  ]);
  await expect(readAvro(bytes)).rejects.toThrow(/row 1 of column "at"/);
  expect((await readAvro(bytes, { columns: ["n"] })).toRows()).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a default that does not fit its type does not keep a file from being read", async () => {
  const schema = { type: "record", name: "R", fields: [{ name: "n", type: "int", default: 77 }] };
  const text = Buffer.from(await bytesOf(avro({ schema }), [{ n: 1 }])).toString("latin1");
  expect(text).toContain('"default":77');
  // A text of the same length, so that all else in the file stays as it is.
  const bytes = new Uint8Array(Buffer.from(text.replace('"default":77', '"default":""'), "latin1"));
  expect((await readAvro(bytes)).toRows()).toEqual([{ n: 1 }]);
});

test("times and timestamps without a zone are texts in the units that the schema says", async () => {
  const field = (name: string, type: string, logicalType: string): object => ({ name, type: { type, logicalType } });
  const fields = [
    field("ms", "int", "time-millis"),
    field("us", "long", "time-micros"),
    field("local", "long", "local-timestamp-micros"),
    field("unknown", "long", "moon-phase"),
    field("unfit", "long", "date"),
  ];
  const schema = { type: "record", name: "R", fields };
  const bytes = await bytesOf(avro({ schema }), [{ ms: 34_200_125, us: 1, local: -1, unknown: 5, unfit: 6 }]);
  const table = await readAvro(bytes);
  expect(table.columns.map(({ type }) => type)).toEqual([
    "plainTime(ms)",
    "plainTime",
    "plainDateTime",
    "int64",
    "int64",
  ]);
  expect(table.toRows()).toEqual([
    { ms: "09:30:00.125", us: "00:00:00.000001", local: "1969-12-31T23:59:59.999999", unknown: 5n, unfit: 6n },
  ]);
});

describe("Snappy", () => {
  test("repeats what overlaps, and takes literals and distances of every size", () => {
    // The letters "ab", repeated to eleven, and "c" as a literal.
    const block = Uint8Array.of(12, 0x04, 97, 98, 0b000_101_01, 2, 0, 99);
    expect(Buffer.from(expandSnappy(block, 12)).toString()).toBe("abababababac");
    const long = new Uint8Array(300).fill(7);
    const literal = Uint8Array.of(0xac, 0x02, 61 << 2, 43, 1, ...long);
    expect(expandSnappy(literal, 300)).toEqual(long);
    const far = Uint8Array.of(4, 0x00, 5, 0b000010_10, 1, 0);
    expect(expandSnappy(far, 4)).toEqual(new Uint8Array(4).fill(5));
    const farthest = Uint8Array.of(4, 0x00, 5, 0b000010_11, 1, 0, 0, 0);
    expect(expandSnappy(farthest, 4)).toEqual(new Uint8Array(4).fill(5));
  });

  test("refuses what is damaged", () => {
    for (const bad of [
      [], // It says no size.
      [255, 255, 255, 255, 255, 1], // Its size has no end.
      [255, 255, 255, 255, 15], // It says more than its bytes can hold.
      [4, 0x0c, 97], // Its literal is cut off.
      [4, 0x00, 97, 0b000010_10, 2, 0], // It repeats what was before the beginning.
      [4, 0x00, 97, 0b000010_10, 0, 0], // It repeats from a distance of nothing.
      [4, 0x00, 97, 0b000010_10, 1], // Its distance is cut off.
      [4, 0x00, 97], // It holds less than it says.
      [1, 0x04, 97, 98], // It holds more than it says.
    ])
      expect(() => expandSnappy(Uint8Array.from(bad), 100)).toThrow(/damaged/);
    expect(() => expandSnappy(Uint8Array.of(4, 0x0c, 1, 2, 3, 4), 3)).toThrow(/more than 3/);
  });
});
