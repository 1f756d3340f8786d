import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { encodeArrowFile } from "../../src/format/arrow/encode-arrow.ts";
import { avro } from "../../src/format/avro/avro-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { type CsvDelimiter, csvDelimiters } from "../../src/format/csv/csv-layout.ts";
import { decodeCsv } from "../../src/format/csv/decode-csv.ts";
import { encodeCsv } from "../../src/format/csv/encode-csv.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { encodeParquet } from "../../src/format/parquet/encode-parquet.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { everyType } from "../support/any-table.ts";
import { chosenCases } from "../support/chosen-cases.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

describe("cells of any length are written in pieces", () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(",", ";", '"', "\r", "\n", "a", "é", "😀", "\ufeff") }),
    fc.constantFrom(null, "", '"', "\ufeff", "x".repeat(40), '""'.repeat(20), `${"a".repeat(7)}😀😀`),
  );

  test("of CSV: the same bytes, wherever they are cut", async () => {
    await fc.assert(
      fc.property(
        fc.array(fc.record({ "a\ufeff": text, '"b,': text }, { noNullPrototype: true }), { maxLength: 8 }),
        fc.constantFrom(...(Object.keys(csvDelimiters) as CsvDelimiter[])),
        fc.integer({ min: 1, max: 40 }),
        (rows, delimiter, charactersAtOnce) => {
          const table = tableFromRows(rows, { types: { "a\ufeff": "string", '"b,': "string" } });
          const whole = encodeCsv(table as ColumnTable<never>, { delimiter });
          const pieces = encodeCsv(table as ColumnTable<never>, { delimiter }, charactersAtOnce);
          expect(Buffer.from(joined(pieces)).toString()).toBe(Buffer.from(joined(whole)).toString());
          const read = decodeCsv(joined(pieces), { delimiter }, defaultDecodeLimits);
          if (rows.length > 0) expect(read.toRows()).toStrictEqual(rows);
        },
      ),
      { numRuns: runs * 5 },
    );
  });

  test("of CSV: no piece grows with the number of rows, or with their length", async () => {
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, text: "x".repeat(70_000) }));
    const format = csv({ columns: { id: "int32", text: "string" }, rows: true });
    await format.check(rows);
    const pieces = await format.encode(rows);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 ** 20 + 1000);
    expect(await format.decode(joined(pieces), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test("of CSV: one cell is cut, too", async () => {
    const rows = [{ text: '"é😀,\n'.repeat(700_000) }, { text: "x" }];
    const format = csv({ columns: { text: "string" }, rows: true });
    const pieces = await format.encode(rows);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 ** 23);
    expect(await format.decode(joined(pieces), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test.each([
    [
      "Parquet",
      (table: ColumnTable, bytes: number) =>
        encodeParquet(table, { rowGroupRows: 100_000, codec: "snappy", rowGroupBytes: bytes }),
      parquetCodec(),
    ],
    ["Arrow", (table: ColumnTable, bytes: number) => encodeArrowFile(table, { batchBytes: bytes }), arrowCodec],
  ] as const)("of %s: in parts of the table, which are one when they are read", async (_name, encode, codec) => {
    await fc.assert(
      fc.asyncProperty(everyType(12), fc.integer({ min: 1, max: 200 }), async (table, bytes) => {
        const written = joined(await encode(table, bytes));
        expect(await codec.decode(written, defaultDecodeLimits)).toStrictEqual(table);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
    const rows = Array.from({ length: 20 }, (_, id) => ({ id, nested: { id }, text: "x".repeat(id * 10) }));
    const table = tableFromRows(rows) as unknown as ColumnTable;
    const [few, many] = [joined(await encode(table, 2 ** 20)), joined(await encode(table, 100))];
    expect(many.length).toBeGreaterThan(few.length);
    expect((await codec.decode(many, defaultDecodeLimits)).toRows()).toStrictEqual(rows);
  });
});

describe("what is longer than any text can be is refused, and says so", () => {
  async function refusal(
    payload: unknown,
    format: { check(payload: never): unknown; encode(payload: never): unknown },
  ) {
    try {
      await format.check(payload as never);
      await format.encode(payload as never);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  const schema = { type: "record", name: "Row", fields: [{ name: "t", type: ["null", "string"] }] };

  test("a text whose UTF-8 no version of Node reads", async () => {
    const rows = [{ t: "" }, { t: "é".repeat(2 ** 28) }];
    for (const format of [
      csv({ columns: { t: "string" }, rows: true }),
      parquet({ rows: true }),
      arrow({ rows: true }),
      msgpack(),
      avro({ schema }),
    ]) {
      const error = await refusal(rows, format);
      expect(error).toBeInstanceOf(UnsupportedPayloadError);
      expect((error as UnsupportedPayloadError).path).toEqual([1, "t"]);
      expect((error as Error).message).toMatch(/512 MiB/);
    }
  });

  test("a nested value whose JSON is one", async () => {
    const rows = [{ n: Array.from({ length: 540 }, () => "x".repeat(1e6)) }];
    for (const format of chosenCases([ndjson({ columns: { n: "value" }, rows: true }), parquet({ rows: true })], 2)) {
      const error = await refusal(rows, format);
      expect(error).toBeInstanceOf(UnsupportedPayloadError);
      expect((error as Error).message).toMatch(/512 MiB/);
    }
  });

  test("bytes that are written as text, or in one piece of less than 1 GiB", async () => {
    const raw = new Uint8Array(2 ** 30 + 1);
    for (const [format, size] of [
      [csv({ columns: { raw: "bytes" }, rows: true }), /512 MiB/],
      [ndjson({ columns: { raw: "bytes" }, rows: true }), /512 MiB/],
      [parquet({ rows: true }), /1 GiB/],
      [arrow({ rows: true }), /1 GiB/],
    ] as const) {
      const check = async (): Promise<void> => await format.check([{ raw: new Uint8Array(1) }, { raw }]);
      await expect(check()).rejects.toThrow(UnsupportedPayloadError);
      await expect(check()).rejects.toThrow(size);
    }
  });

  test("and a row that is null holds nothing of the kind", async () => {
    const marks = Uint8Array.of(1);
    const column = { name: "raw", type: "bytes", values: [new Uint8Array(2 ** 30 + 1)], marks } as const;
    const table = new ColumnTable([column], 1);
    for (const format of [
      csv({ columns: { raw: "bytes" } }),
      ndjson({ columns: { raw: "bytes" } }),
      parquet(),
      arrow(),
    ])
      await format.check(table as ColumnTable<never>);
  });
});
