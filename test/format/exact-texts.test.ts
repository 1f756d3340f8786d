import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { type ExtractionOptions, tableFromIPC } from "@uwdata/flechette";
import * as apache from "apache-arrow";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, expectTypeOf, test } from "vitest";
import { DecodeError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { formatOf } from "../../src/format/by-id/format-of.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format, SelectColumns } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import type { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { countedSource } from "../support/counted-source.ts";
import { type Count, type InstantKind, plainKinds } from "../support/instant-files.ts";
import { type MadeColumn, makeParquet } from "../support/make-parquet.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { readFixture } from "../support/read-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);

const types = {
  day: "plainDate",
  opens: "plainTime",
  begins: "plainDateTime",
  exact: "plainDateTime(ns)",
  price: "decimal(10,2)",
  total: "decimal(38,4)",
} as const;

const rows = [
  {
    day: "2026-11-30",
    opens: "09:30:00",
    begins: "2026-11-30T09:30:00.000125",
    exact: "1969-12-31T23:59:59.999999999",
    price: "12.50",
    total: "-1234567890123456789012345678901234.0001",
  },
  { day: null, opens: null, begins: null, exact: null, price: null, total: null },
  {
    day: "-000044-03-15",
    opens: "23:59:59.999999",
    begins: "+012026-01-01T00:00:00",
    exact: "2262-04-11T23:47:16.854775807",
    price: "-0.07",
    total: "0.0000",
  },
];

const formats: readonly (readonly [string, Format])[] = [
  ["table", table({ types }) as never],
  ["parquet", parquet({ rows: true, types }) as never],
  ["parquet in small row groups", parquet({ rows: true, types, rowGroupRows: 1 }) as never],
  ["arrow", arrow({ rows: true, types }) as never],
  ["csv", csv({ rows: true, columns: types }) as never],
  ["ndjson", ndjson({ rows: true, columns: types }) as never],
];

async function bytesOf(format: unknown, payload: unknown): Promise<Uint8Array> {
  const { check, encode } = format as Format;
  await check(payload);
  return new Uint8Array(Buffer.concat(await encode(payload)));
}

const inTypes = (payload: readonly object[]): ColumnTable =>
  tableFromRows(payload as readonly Record<string, never>[], { types } as never) as unknown as ColumnTable;

describe("dates and times without a zone and decimals come back digit by digit", () => {
  test.each(formats)("from %s", async (_name, format) => {
    const bytes = await bytesOf(format, rows);
    expect(await format.decode(bytes, defaultDecodeLimits)).toEqual(rows);
    const read = await (await formatOf(format.id)).decode(bytes, defaultDecodeLimits);
    if (format.id !== "table") expect(read).toStrictEqual(inTypes(rows));
    expect(await format.decode(await bytesOf(format, []), defaultDecodeLimits)).toEqual([]);
  });

  test.each([
    ["table", table({ columns: true })],
    ["parquet", parquet()],
    ["arrow", arrow()],
  ] as const)("as a table from %s, whole and in part", async (_name, format) => {
    for (const payload of [rows, [], [rows[1] as object]]) {
      const columns = inTypes(payload);
      const bytes = await bytesOf(format, columns);
      const select = (format as unknown as Format).selectColumns as SelectColumns;
      const whole = await select(countedSource(bytes).source, {}, defaultDecodeLimits);
      if (payload === rows || payload.length === 0) expect(whole).toStrictEqual(columns);
      const selection = { columns: ["price", "day"], rows: { start: 1, end: 3 } };
      const part = await select(countedSource(bytes).source, selection, defaultDecodeLimits);
      expect(part.toRows()).toEqual(
        payload.slice(1).map((row) => ({ price: rows[2]?.price, day: rows[2]?.day, ...pick(row) })),
      );
    }
  });

  function pick(row: object): object {
    const { price, day } = row as { price: unknown; day: unknown };
    return { price, day };
  }

  test("a declared type stays where every row is null", async () => {
    for (const format of [table({ types }), parquet({ rows: true, types }), arrow({ rows: true, types })]) {
      const bytes = await bytesOf(format, [rows[1]]);
      const select = (format as unknown as Format).selectColumns as SelectColumns;
      const read = await select(countedSource(bytes).source, {}, defaultDecodeLimits);
      expect(Object.fromEntries(read.columns.map(({ name, type }) => [name, type]))).toEqual(types);
    }
  });

  test("their cells are text for the compiler", () => {
    const format = parquet({ rows: true, types });
    expectTypeOf(format.decode).returns.resolves.toExtend<readonly object[]>();
    const typed = tableFromRows([{ day: "2026-11-30" }], { types: { day: "plainDate" } });
    expectTypeOf(typed.column("day").values).toExtend<readonly unknown[]>();
    // @ts-expect-error a date is text, and no number
    () => tableFromRows([{ day: 3 }], { types: { day: "plainDate" } });
    // @ts-expect-error there is no such type
    () => parquet({ rows: true, types: { day: "plainDay" } });
  });
});

describe("a text in another form is refused, with its place and an example", () => {
  const wrong: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    [
      "plainDate",
      ["2026-02-30", "2026-2-3", "02026-01-01", "2026-11-30T00:00:00", "", "+002026-01-01", 3],
      /"2026-11-30"/,
    ],
    [
      "plainTime",
      ["9:30", "09:30", "24:00:00", "09:30:60", "09:30:00.50", "09:30:00.0000001", "09:30:00Z"],
      /09:30:00\./,
    ],
    ["plainTime(ms)", ["09:30:00.0001"], /"09:30:00.125"/],
    [
      "plainDateTime",
      ["2026-11-30", "2026-11-30 09:30:00", "2026-11-30T09:30:00Z", "2026-11-30T09:30:00.1234567"],
      /T09:30/,
    ],
    ["plainDateTime(ns)", ["2262-04-11T23:47:16.854775808", "1677-09-21T00:12:43.145224191"], /T09:30:00.000000125/],
    ["decimal(4,2)", ["1.5", "100.00", "-0.00", "01.00", "+1.00", "1e2", ".50", "1.005", 1.5], /"7.50"/],
    ["decimal(2,2)", ["1.00"], /"0.50"/],
    ["decimal(3,0)", ["1.", "1000", "-0"], /"7"/],
  ];

  test.each(wrong)("of %s", async (type, cells, example) => {
    for (const cell of cells) {
      const declared = { types: { a: type as never } };
      for (const format of [
        table(declared),
        parquet({ rows: true, ...declared }),
        arrow({ rows: true, ...declared }),
      ]) {
        const error = await (async () => await (format as never as Format).check([{ a: cell }]))().catch(
          (caught) => caught,
        );
        expect(error).toBeInstanceOf(UnsupportedPayloadError);
        expect(String(error)).toMatch(/payload\[0\]\.a/);
        expect(String(error)).toMatch(example);
      }
      expect(() => tableFromRows([{ a: cell as string }], declared as never)).toThrow(example);
    }
  });

  test("and so is a type that is none", () => {
    for (const type of [
      "decimal",
      "decimal(77,0)",
      "decimal(2,3)",
      "decimal(0,0)",
      "decimal(10, 2)",
      "plainTime(us)",
      "plainTime(s)",
    ])
      expect(() => parquet({ rows: true, types: { a: type as never } })).toThrow(/has no column type/);
  });
});

const NANOSECONDS = {
  day: 86_400_000_000_000n,
  second: 1_000_000_000n,
  millisecond: 1_000_000n,
  microsecond: 1000n,
  nanosecond: 1n,
};
const MAX_DAYS = 100_000_000n;
const codecs = { parquet: parquetCodec(), arrow: arrowCodec };

/** Builds the text slowly, digit by digit; undefined for what no text of the type says. */
function textOf(type: string, count: bigint, unit: InstantKind["unit"]): string | undefined {
  const nanoseconds = count * NANOSECONDS[unit];
  const rest = ((nanoseconds % NANOSECONDS.day) + NANOSECONDS.day) % NANOSECONDS.day;
  const days = (nanoseconds - rest) / NANOSECONDS.day;
  const isTime = type.startsWith("plainTime");
  if (isTime ? days !== 0n : days < -MAX_DAYS || days > MAX_DAYS) return undefined;
  const date = new Date(Number(days) * 86_400_000).toISOString().replace(/T.*/, "");
  if (type === "plainDate") return date;
  const fraction = String(rest % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const clock = new Date(Number(rest / 1_000_000n)).toISOString().slice(11, 19);
  const time = fraction === "" ? clock : `${clock}.${fraction}`;
  return isTime ? time : `${date}T${time}`;
}

function countsOf({ unit, bits }: InstantKind, isTime: boolean): fc.Arbitrary<Count[]> {
  const most = bits === 32 ? 2n ** 31n - 1n : 2n ** 63n - 1n;
  const day = NANOSECONDS.day / NANOSECONDS[unit];
  const held = isTime ? day - 1n : most < day * MAX_DAYS ? most : day * MAX_DAYS;
  const cell = fc.oneof(
    fc.bigInt({ min: isTime ? 0n : -held, max: held }),
    fc.constantFrom(0n, 1n, held, isTime ? 0n : -1n, isTime ? 0n : -held),
  );
  return fc.array(fc.option(cell, { freq: 8 }), { minLength: 1, maxLength: 20 });
}

describe("what other tools write without a zone is read to its last digit", () => {
  test.each(plainKinds.map(([type, kind]) => [kind.name, type, kind] as const))("%s", async (_name, type, kind) => {
    const { format, unit } = kind;
    await fc.assert(
      fc.asyncProperty(countsOf(kind, type.startsWith("plainTime")), async (counts) => {
        const read = await codecs[format].decode(kind.create(counts), defaultDecodeLimits);
        expect(read.columns[1]?.type).toBe(type);
        const texts = counts.map((count) => (count === null ? null : textOf(type, count, unit)));
        expect(read.toRows().map((row) => (row as { t: unknown }).t)).toEqual(texts);
      }),
      { numRuns: runs },
    );
  });

  test.each(plainKinds.map(([type, kind]) => [kind.name, type, kind] as const))(
    "%s: what it cannot say is refused with its row, and hides nothing else",
    async (_name, type, kind) => {
      const { format, unit, bits } = kind;
      if (type === "plainDateTime(ns)") return;
      const least = type.startsWith("plainTime") ? NANOSECONDS.day : NANOSECONDS.day * (MAX_DAYS + 1n);
      const beyond = least / NANOSECONDS[unit];
      const below = type.startsWith("plainTime") ? -1n : -beyond;
      const infinity = bits === 32 ? 2n ** 31n - 1n : 2n ** 63n - 1n;
      for (const count of [beyond, below, infinity, -infinity]) {
        const bytes = kind.create([0n, 1n, count, null]);
        await expect(async () => codecs[format].decode(bytes, defaultDecodeLimits)).rejects.toThrow(DecodeError);
        await expect(async () => codecs[format].decode(bytes, defaultDecodeLimits)).rejects.toThrow(
          /row 2 of column "t"/,
        );
        const part = async (columns: string[], start: number, end: number) =>
          (
            await codecs[format].selectColumns?.(
              countedSource(bytes).source,
              { columns, rows: { start, end } },
              defaultDecodeLimits,
            )
          )?.toRows();
        expect(await part(["k"], 2, 3)).toEqual([{ k: 2 }]);
        expect(await part(["t"], 3, 4)).toEqual([{ t: null }]);
      }
    },
  );

  test("of DuckDB, in nanoseconds before 1970", async () => {
    const read = await parquetCodec().decode(await readFixture("parquet-ns-before-1970.parquet"), defaultDecodeLimits);
    const column = read.columns.find(({ type }) => type === "plainDateTime(ns)");
    expect(column?.values.slice(0, 3)).toEqual([
      "1969-12-31T23:59:59.999999999",
      "1969-12-31T23:59:59.999999001",
      "1969-12-31T23:59:59.999999",
    ]);
  });
});

describe("decimals of other tools", () => {
  const id: MadeColumn = { name: "id", type: 1, values: Buffer.from(Int32Array.of(1, 2).buffer) };

  test("of Parquet in bytes of any length, and without a precision", async () => {
    const values = Uint8Array.of(1, 0, 0, 0, 0xff, 2, 0, 0, 0, 1, 0);
    const bytes = makeParquet(2, [id, { name: "d", type: 6, values, converted: 5, scale: 1 }]);
    const read = await parquetCodec().decode(bytes, defaultDecodeLimits);
    expect(read.columns[1]).toEqual({ name: "d", type: "decimal(38,1)", values: ["-0.1", "25.6"] });
  });

  test("with more digits than their type are refused, and hide nothing else", async () => {
    const column = { name: "d", type: 1, values: Buffer.from(Int32Array.of(99, 100).buffer), converted: 5 };
    const bytes = makeParquet(2, [id, { ...column, scale: 1, precision: 2 }]);
    await expect(async () => parquetCodec().decode(bytes, defaultDecodeLimits)).rejects.toThrow(
      /row 1 of column "d" has more digits than decimal\(2,1\) allows/,
    );
    const wide = makeParquet(2, [id, { ...column, scale: 1, precision: 77 }]);
    await expect(async () => parquetCodec().decode(wide, defaultDecodeLimits)).rejects.toThrow(
      /column d holds decimals of/,
    );
    for (const file of [bytes, wide]) {
      const part = await parquetCodec().selectColumns?.(
        countedSource(file).source,
        { columns: ["id"] },
        defaultDecodeLimits,
      );
      expect(part?.toRows()).toEqual([{ id: 1 }, { id: 2 }]);
    }
  });

  test.each([
    [5, 2, 128, "decimal(5,2)", ["-1.23", "0.01"]],
    [40, 39, 256, "decimal(40,39)", [`-0.${"123".padStart(39, "0")}`, `0.${"1".padStart(39, "0")}`]],
    [5, -2, 128, "decimal(7,0)", ["-12300", "100"]],
    [2, 4, 128, "decimal(4,4)", ["-0.0123", "0.0001"]],
  ] as const)("of Arrow with precision %i, scale %i and %i bits", async (precision, scale, bits, type, texts) => {
    const words = bits / 32;
    const data = new Uint32Array(3 * words);
    data.fill(2 ** 32 - 1, 0, words);
    data[0] = 2 ** 32 - 123;
    data[words] = 1;
    const decimal = new apache.Decimal(scale, precision, bits);
    const column = apache.makeData({
      type: decimal,
      length: 3,
      nullCount: 1,
      nullBitmap: Uint8Array.of(3),
      data,
    } as never);
    const file = apache.tableToIPC(new apache.Table({ d: new apache.Vector([column as apache.Data]) }), "file");
    const read = await arrowCodec.decode(file, defaultDecodeLimits);
    expect(read.columns[0]?.type).toBe(type);
    expect(read.toRows()).toEqual([...texts.map((d) => ({ d })), { d: null }]);
  });
});

describe("other tools", () => {
  test("the program of the specification reads them of table, whose file is of version 2", async () => {
    await using folder = await temporaryFolder();
    const bytes = await bytesOf(table({ types }), rows);
    expect(`${bytes[4]} ${Buffer.from(bytes.subarray(-4)).toString("latin1")}`).toBe("2 PTB2");
    await writeFile(folder.join("exact.ptbl"), bytes);
    const script = new URL("../../spec/check-table.py", import.meta.url).pathname;
    const printed = execFileSync("/usr/bin/python3", [script, folder.join("exact.ptbl")], { encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual(rows);
  });

  test("DuckDB sees the types that were written, and finds rows by what is said of their groups", async () => {
    await using folder = await temporaryFolder();
    const ours = folder.join("ours.parquet");
    await writeFile(ours, await bytesOf(parquet({ rows: true, types, rowGroupRows: 1 }), rows));
    expect((await queryDuckdb(`select column_type from (describe select * from '${ours}')`)).flat()).toEqual([
      "DATE",
      "TIME",
      "TIMESTAMP",
      "TIMESTAMP_NS",
      "DECIMAL(10,2)",
      "DECIMAL(38,4)",
    ]);
    const texts = "day::text, opens::text, begins::text, exact::text, price::text, total::text";
    expect((await queryDuckdb(`select ${texts} from '${ours}'`))[0]).toEqual([
      "2026-11-30",
      "09:30:00",
      "2026-11-30 09:30:00.000125",
      "1969-12-31 23:59:59.999999999",
      "12.50",
      "-1234567890123456789012345678901234.0001",
    ]);
    for (const where of ["day > '2026-11-29'", "opens < '10:00'", "begins < '2027-01-01'", "price > 12", "total < -5"])
      expect([where, await queryDuckdb(`select price::text from '${ours}' where ${where}`)]).toEqual([
        where,
        [["12.50"]],
      ]);
  });

  test("of DuckDB, read and written again, has the same types for DuckDB", async () => {
    await using folder = await temporaryFolder();
    const [theirs, again] = [folder.join("theirs.parquet"), folder.join("again.parquet")];
    const query = `select date '2026-11-30' + i::int d, time '09:30' + interval (i) millisecond t,
      timestamp '2026-11-30 09:30' + interval (i) microsecond s, timestamp_ms '2026-11-30 09:30' m,
      timestamp_ns '2026-11-30 09:30:00.000000001' n, (i / 7)::decimal(4,1) a, (i / 7)::decimal(18,6) b,
      (i / 7)::decimal(38,20) c, case when i % 3 = 0 then null else date '1970-01-01' end x from range(100) r(i)`;
    for (const version of ["v1", "v2"]) {
      await queryDuckdb(`copy (${query}) to '${theirs}' (format parquet, parquet_version ${version})`);
      const read = await parquetCodec().decode(new Uint8Array(await readFile(theirs)), defaultDecodeLimits);
      await writeFile(again, await bytesOf(parquet(), read));
      const describe = (path: string) =>
        queryDuckdb(`select column_name, column_type from (describe select * from '${path}')`);
      expect(await describe(again)).toEqual(await describe(theirs));
      expect(await queryDuckdb(`select * from '${again}' except select * from '${theirs}'`)).toEqual([]);
    }
  });

  test("hyparquet reads dates, times and decimals of Parquet", async () => {
    const bytes = await bytesOf(parquet({ rows: true, types }), rows);
    const [first] = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer });
    expect(first).toMatchObject({ day: new Date("2026-11-30"), price: 12.5 });
  });

  test("apache-arrow and flechette read them of Arrow", async () => {
    const bytes = await bytesOf(arrow({ rows: true, types }), rows);
    expect(apache.tableFromIPC(bytes).schema.fields.map(({ type }) => String(type))).toEqual([
      "Date32<DAY>",
      "Time64<MICROSECOND>",
      "Timestamp<MICROSECOND>",
      "Timestamp<NANOSECOND>",
      "Decimal[10e+2]",
      "Decimal[38e+4]",
    ]);
    const options: ExtractionOptions = { useDate: true, useDecimalInt: true, useBigInt: true } as ExtractionOptions;
    const [first, second] = tableFromIPC(bytes, options).toArray();
    expect(first).toMatchObject({
      day: new Date("2026-11-30"),
      opens: 34_200_000_000n,
      price: 1250n,
      total: -12345678901234567890123456789012340001n,
    });
    expect(second).toEqual(rows[1]);
  });
});
