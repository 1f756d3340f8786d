import fc from "fast-check";
import { ByteWriter } from "hyparquet-writer";
import { deltaBinaryPack, deltaByteArray, deltaLengthByteArray } from "hyparquet-writer/src/delta.js";
import { writeRleBitPackedHybrid } from "hyparquet-writer/src/encoding.js";
import { writeByteStreamSplit } from "hyparquet-writer/src/splitstream.js";
import { describe, expect, test } from "vitest";
import { DecodeError, DecodeLimitError } from "../../src/errors/format-errors.ts";
import { createBudget } from "../../src/format/decode-budget.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import {
  decodeByteStreamSplit,
  decodeDelta,
  decodeDeltaBytes,
  decodeDeltaLengths,
  decodeHybrid,
  decodePlain,
  PHYSICAL,
} from "../../src/format/parquet/encodings.ts";
import { parseParquetFooter } from "../../src/format/parquet/footer.ts";
import { ThriftReader } from "../../src/format/parquet/thrift-reader.ts";

const numRuns = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.getBytes();
}

describe("what hyparquet-writer encodes is decoded", () => {
  test("numbers in runs and packed bits, of every width", () => {
    const numbers = fc
      .integer({ min: 0, max: 24 })
      .chain((bitWidth) =>
        fc.tuple(
          fc.constant(bitWidth),
          fc.array(fc.tuple(fc.nat(2 ** bitWidth - 1), fc.integer({ min: 1, max: 20 })), { maxLength: 40 }),
        ),
      );
    fc.assert(
      fc.property(numbers, ([bitWidth, runs]) => {
        const values = runs.flatMap(([value, count]) => new Array<number>(count).fill(value));
        const bytes = written((writer) => writeRleBitPackedHybrid(writer, values, bitWidth));
        expect([...decodeHybrid(bytes, bitWidth, values.length)]).toEqual(values);
      }),
      { numRuns },
    );
  });

  test("differences of numbers", () => {
    const number = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 400 }), (values) => {
        const bytes = written((writer) => deltaBinaryPack(writer, values, "INT64"));
        const decoded = decodeDelta(bytes, values.length);
        expect([...decoded.values]).toEqual(values);
        expect(decoded.sizeBytes).toBe(bytes.length);
      }),
      { numRuns },
    );
  });

  test("texts by their lengths, and by what they share with the one before", () => {
    const texts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.constant(Uint8Array.of(1, 2, 3))), {
      minLength: 1,
      maxLength: 100,
    });
    const budget = createBudget("parquet", 1, defaultDecodeLimits);
    fc.assert(
      fc.property(texts, (values) => {
        const lengths = written((writer) => deltaLengthByteArray(writer, values));
        expect(decodeDeltaLengths(lengths, values.length)).toEqual(values);
        const shared = written((writer) => deltaByteArray(writer, values));
        expect(decodeDeltaBytes(shared, values.length, budget)).toEqual(values);
      }),
      { numRuns },
    );
  });

  test("bytes that are split into streams", () => {
    const values = Float64Array.from({ length: 100 }, Math.sin);
    const bytes = written((writer) => writeByteStreamSplit(writer, values, "DOUBLE", undefined));
    expect(decodeByteStreamSplit(bytes, { type: PHYSICAL.double, length: 0 }, 100)).toEqual(values);
  });
});

describe("hostile bytes end at once, without memory for what they say", () => {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const most = 2 ** 31 - 1;

  test("a run longer than its page", () => {
    expect([...decodeHybrid(Uint8Array.from([...varint(most * 2), 7]), 3, 4)]).toEqual([7, 7, 7, 7]);
    // Of no bits: such groups take no bytes.
    expect([...decodeHybrid(Uint8Array.from(varint(most * 2 + 1)), 0, 4)]).toEqual([0, 0, 0, 0]);
    expect(() => decodeHybrid(Uint8Array.from(varint(most * 2 + 1)), 1, 4)).toThrow(DecodeError);
    expect(() => decodeHybrid(new Uint8Array(1000), 0, 4)).toThrow(DecodeError);
    expect(() => decodeHybrid(Uint8Array.of(3, 1, 1, 1, 1, 1), 33, 4)).toThrow(DecodeError);
  });

  test.each([
    ["no miniblocks", [128, 0]],
    ["as many miniblocks as there are numbers", [most, most]],
    ["miniblocks of half a value", [4, 8]],
  ])("differences in %s", (_what, [blockSize = 0, miniblocks = 0]) => {
    const bytes = Uint8Array.from([...varint(blockSize), ...varint(miniblocks), ...varint(9), 2, 0, 0, 0, 0]);
    expect(() => decodeDelta(bytes, 9)).toThrow(DecodeError);
  });

  test("texts that repeat a long one", () => {
    const values = new Array<Uint8Array>(1000).fill(new Uint8Array(100_000));
    const bytes = written((writer) => deltaByteArray(writer, values));
    const budget = createBudget("parquet", bytes.length, resolveDecodeLimits({ maxRatio: 3 }), 1000);
    expect(bytes.length).toBeLessThan(110_000);
    expect(() => decodeDeltaBytes(bytes, 1000, budget)).toThrow(DecodeLimitError);
  });

  test.each([PHYSICAL.boolean, PHYSICAL.int32, PHYSICAL.int96, PHYSICAL.double, PHYSICAL.bytes, PHYSICAL.fixedBytes])(
    "more values of type %i than there are bytes",
    (type) => expect(() => decodePlain(new Uint8Array(100), { type, length: 3 }, most)).toThrow(DecodeError),
  );

  test("lists in lists, each as long as all that is left", () => {
    const size = 1_000_000;
    const bytes = new Uint8Array(size);
    // A list of lists: its size is what follows, in three bytes.
    for (let i = 0; i + 4 < size; i += 4) bytes.set([0xf9, ...varint(900_000)], i);
    expect(() => parseParquetFooter(Uint8Array.from([0x29, ...bytes]), size)).toThrow(DecodeError);
    expect(() => new ThriftReader(Uint8Array.from([0x79, ...bytes])).struct({})).toThrow(/nested too deeply/);
    expect(() => new ThriftReader(Uint8Array.from([0x79, 0xf1, ...varint(most)])).struct({})).toThrow(/longer than/);
  });

  test("a number that does not end", () => {
    const bytes = new Uint8Array(1_000_000).fill(0xff);
    bytes[0] = 0x16;
    expect(() => new ThriftReader(bytes).struct({})).toThrow(/more than 64 bits/);
  });
});
