import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CsvColumnType,
  type CsvDelimiter,
  csv,
  DecodeError,
  DecodeLimitError,
} from "../../src/entry/formats/csv.ts";
import { tableFromRows } from "../../src/entry/table.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { comparableRows } from "../support/comparable-rows.ts";

/** A million on request. */
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 400);
const roundTrips = Math.min(mutations, 20_000);

async function fileOf(
  format: { encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]> },
  payload: unknown,
) {
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const cells: Record<CsvColumnType, fc.Arbitrary<unknown>> = {
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
const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "", '"', "\r\n", ",", "\ufeff"),
);
const layout = fc.uniqueArray(fc.tuple(name, fc.constantFrom(...(Object.keys(cells) as CsvColumnType[]))), {
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
        .tuple(...declared.map(([, type]) => fc.option(cells[type], { freq: 4 })))
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

const columns = {
  id: "int32",
  name: "string",
  at: "date",
  big: "int64",
  ratio: "float64",
  ok: "boolean",
  raw: "bytes",
} as const;
const people = [
  { id: 1, name: "Ada", at: new Date(0), big: 2n ** 63n - 1n, ratio: 0.1, ok: true, raw: Uint8Array.of(1, 255) },
  { id: -2, name: "", at: null, big: null, ratio: -0, ok: false, raw: new Uint8Array(0) },
  { id: null, name: null, at: new Date(-1), big: -1n, ratio: 1e300, ok: null, raw: null },
  {
    id: 0,
    name: '=SUM(A1), "x"\r\n;\t|\n\r',
    at: new Date(8.64e15),
    big: 0n,
    ratio: Number.NEGATIVE_INFINITY,
    ok: true,
    raw: null,
  },
];

test("mutated bytes are refused or read, and do no harm", async () => {
  const format = csv({ columns, rows: true });
  const good = await fileOf(format, people);
  const limits = resolveDecodeLimits({ maxBytes: 10_000 });
  const structure = fc.constantFrom(...bytesOf(',"\r\n0-e.'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.oneof(fc.nat(255), structure)), { maxLength: 6 }),
      fc.option(fc.nat(good.length), { nil: undefined }),
      fc.boolean(),
      (flips, cut, isPlain) => {
        const bad = good.slice(0, cut);
        for (const [at, byte] of flips) if (at < bad.length) bad[at] = byte;
        try {
          const read = (isPlain ? csv({ rows: true }) : format).decode(bad, limits) as object[];
          expect(read.length).toBeLessThanOrEqual(bad.length);
        } catch (error) {
          expect(error instanceof DecodeError || error instanceof DecodeLimitError, String(error)).toBe(true);
        }
      },
    ),
    { numRuns: mutations },
  );
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
