import fc from "fast-check";
import { expect, test } from "vitest";
import { type CsvColumnType, type CsvDelimiter, csv } from "../../src/entry/formats/csv.ts";
import { tableFromRows } from "../../src/entry/table.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { DecodeLimits } from "../../src/format/format.ts";
import type { ExactTextType } from "../../src/table/exact-text.ts";
import { exactTexts } from "../support/any-exact-text.ts";
import { comparableRows } from "../support/comparable-rows.ts";
import { expectHarmless } from "../support/damaged-copies.ts";
import { people, peopleColumns } from "../support/table-samples.ts";

/** A million on request. */
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 40);
const roundTrips = Math.min(mutations, 20_000);

async function fileOf(
  format: { encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]> },
  payload: unknown,
) {
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const cells: Record<Exclude<CsvColumnType, ExactTextType>, fc.Arbitrary<unknown>> = {
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.integer({ min: 0, max: 255 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float32: fc.float(),
  float64: fc.double(),
  boolean: fc.boolean(),
  string: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(",", ";", "\t", "|", '"', "\r", "\n", " ", "\ufeff", "'", "a", "\0") }),
  ),
  date: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array(),
};
const arbitraries: ReadonlyMap<CsvColumnType, fc.Arbitrary<unknown>> = new Map([
  ...(Object.entries(cells) as [CsvColumnType, fc.Arbitrary<unknown>][]),
  ...exactTexts,
]);
const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "", '"', "\r\n", ",", "\ufeff"),
);
const layout = fc.uniqueArray(fc.tuple(name, fc.constantFrom(...arbitraries.keys())), {
  selector: ([key]) => key,
  minLength: 1,
  maxLength: 5,
});
const delimiters = fc.constantFrom<CsvDelimiter>(",", ";", "\t", "|");
const case_ = fc.tuple(layout, delimiters).chain(([declared, delimiter]) =>
  fc.tuple(
    fc.constant(Object.fromEntries(declared) as Record<string, CsvColumnType>),
    fc.constant(delimiter),
    fc.array(
      fc
        .tuple(...declared.map(([, type]) => fc.option(arbitraries.get(type) ?? fc.constant(null), { freq: 4 })))
        .map((row) => Object.fromEntries(row.map((cell, i) => [declared[i]?.[0] ?? "", cell]))),
      { maxLength: 6 },
    ),
  ),
);

test("whatever is accepted comes back in value and type", async () => {
  await fc.assert(
    fc.asyncProperty(case_, async ([declared, delimiter, rows]) => {
      const format = csv({ columns: declared, rows: true, delimiter });
      await format.check(rows as never);
      const file = await fileOf(format, rows);
      const read = (await format.decode(file, defaultDecodeLimits)) as object[];
      expect(comparableRows(read)).toStrictEqual(comparableRows(rows));
      const table = tableFromRows(rows, { types: declared }).select(Object.keys(declared));
      const tables = csv({ columns: declared, delimiter });
      await tables.check(table as never);
      expect(await fileOf(tables, table)).toEqual(file);
      expect((await tables.decode(file, defaultDecodeLimits)).columns).toStrictEqual(table.columns);
    }),
    { numRuns: roundTrips },
  );
});

test("damaged bytes are refused or read, and do no harm", async () => {
  const format = csv({ columns: peopleColumns, rows: true });
  const good = [await fileOf(format, people)];
  const odd = bytesOf(',"\r\n0-e.');
  for (const [seed, each] of [format, csv({ rows: true })].entries()) {
    const decode = (bytes: Uint8Array, limits: DecodeLimits): void =>
      expect((each.decode(bytes, limits) as object[]).length).toBeLessThanOrEqual(bytes.length);
    await expectHarmless(good, mutations / 2, decode, { odd, seed });
  }
});
