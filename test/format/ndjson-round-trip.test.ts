import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ColumnType, DecodeError, DecodeLimitError, ndjson } from "../../src/entry/formats/ndjson.ts";
import { tableFromRows } from "../../src/entry/table.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import type { DecodeLimits } from "../../src/format/format.ts";
import { decodeJsonLines, encodeJsonLines } from "../../src/format/lines/stream-json-lines.ts";
import type { NumberListType, StructType } from "../../src/table/column.ts";
import type { ExactTextType } from "../../src/table/exact-text.ts";
import { exactTexts } from "../support/any-exact-text.ts";
import { comparableRows } from "../support/comparable-rows.ts";
import { expectHarmless } from "../support/damaged-copies.ts";
import { visitColumns, visits } from "../support/table-samples.ts";

/** A million on request. */
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const roundTrips = Math.min(mutations, 20_000);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const fileOf = async (format: object, payload: unknown): Promise<Uint8Array> =>
  new Uint8Array(Buffer.concat(await (format as ReturnType<typeof ndjson>).encode(payload as never)));

const json = fc.jsonValue({ noUnicodeString: false }).filter((value) => !JSON.stringify([value]).includes("-0"));
const cells: Record<
  Exclude<ColumnType, NumberListType | ExactTextType | StructType | "int8" | "uint8" | "int16" | "uint16" | "float32">,
  fc.Arbitrary<unknown>
> = {
  int32: fc.integer(),
  uint32: fc.nat(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float64: fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0),
  boolean: fc.boolean(),
  string: fc.string({ unit: "binary" }),
  date: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array(),
  value: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxLength: 3 }),
};
const rows = fc.array(
  fc.record(
    Object.fromEntries(
      [...Object.entries(cells), ...exactTexts].map(([type, cell]) => [type, fc.option(cell, { freq: 4 })]),
    ),
    {
      requiredKeys: [],
      noNullPrototype: true,
    },
  ),
  { maxLength: 6 },
);

describe("whatever is accepted comes back in value and type", () => {
  test("as an array of values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(json, { maxLength: 8 }), async (payload) => {
        const plain = JSON.parse(JSON.stringify(payload)) as unknown[];
        await ndjson().check(plain);
        expect(await ndjson().decode(await fileOf(ndjson(), plain), defaultDecodeLimits)).toStrictEqual(plain);
      }),
      { numRuns: roundTrips },
    );
  });

  test("as records and as a table", async () => {
    const declared = Object.fromEntries(
      [...Object.keys(cells), ...exactTexts.map(([type]) => type)].map((type) => [type, type]),
    ) as Record<string, ColumnType>;
    await fc.assert(
      fc.asyncProperty(rows, async (payload) => {
        const format = ndjson({ columns: declared, rows: true });
        await format.check(payload as never);
        const file = await fileOf(format, payload);
        const read = (await format.decode(file, defaultDecodeLimits)) as object[];
        expect(comparableRows(read)).toStrictEqual(comparableRows(payload));
        const table = await ndjson({ columns: declared }).decode(file, defaultDecodeLimits);
        expect(table.columns).toStrictEqual(
          tableFromRows(payload, { types: declared }).select(Object.keys(declared)).columns,
        );
      }),
      { numRuns: roundTrips },
    );
  });

  test("as a stream, however its bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(json, { maxLength: 8 }),
        fc.array(fc.nat(9), { maxLength: 20 }),
        async (payload, sizes) => {
          const plain = JSON.parse(JSON.stringify(payload)) as unknown[];
          const pieces = await collect(encodeJsonLines(stream(plain)));
          const file = new Uint8Array(Buffer.concat(pieces));
          expect(file).toEqual(await fileOf(ndjson(), plain));
          const cut: Uint8Array[] = [];
          let start = 0;
          for (const size of sizes) {
            cut.push(file.subarray(start, start + size));
            start += size;
          }
          cut.push(file.subarray(start));
          expect(await collect(decodeJsonLines(stream(cut), defaultDecodeLimits))).toStrictEqual(plain);
        },
      ),
      { numRuns: roundTrips },
    );
  });
});

test("a line of a stream is as long as the limits allow, in one piece or in many", async () => {
  const file = bytesOf('1\n"3456789"\n');
  const read = (pieces: readonly Uint8Array[], maxBytes: number): Promise<unknown[]> =>
    collect(decodeJsonLines(stream(pieces), resolveDecodeLimits({ maxBytes })));
  const bytewise = Array.from(file, (byte) => Uint8Array.of(byte));
  for (const pieces of [[file], bytewise]) {
    expect(await read(pieces, 9)).toEqual([1, "3456789"]);
    await expect(read(pieces, 8)).rejects.toThrow(DecodeLimitError);
  }
  await expect(read(bytewise.slice(0, -1), 9)).rejects.toThrow(DecodeError);
});

async function* stream<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("damaged bytes are refused or read, and do no harm", async () => {
  const format = ndjson({ columns: visitColumns, rows: true });
  const good = [await fileOf(format, visits)];
  const odd = bytesOf('{}[]",:\n0-e\\u');
  for (const [seed, each] of [format, ndjson()].entries()) {
    const decode = (bytes: Uint8Array, limits: DecodeLimits): void =>
      expect((each.decode(bytes, limits) as unknown[]).length).toBeLessThanOrEqual(bytes.length);
    await expectHarmless(good, mutations / 2, decode, { odd, seed });
  }
});
