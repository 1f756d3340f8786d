import { readdir, readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../src/errors/format-errors.ts";
import { arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { avro } from "../../src/format/avro/avro-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import { json } from "../../src/format/json/json-format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import { tabular } from "../../src/format/tabular/tabular-format.ts";
import { assertColumnTable } from "../../src/table/assert-column-table.ts";
import type { ColumnType } from "../../src/table/column.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { anyTable } from "../support/any-table.ts";
import { countedSource } from "../support/counted-source.ts";
import { instantKinds, plainKinds } from "../support/instant-files.ts";
import { type MadeColumn, makeParquet } from "../support/make-parquet.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// For any file: a format can write what it reads, and reads the same again. Otherwise a reader
// would make values that no writer accepts.

const runs = Number(process.env.PERSISTABLE_TABLE_RUNS ?? 15);

/** A format of tables, as far as it is needed here. */
interface Tables {
  check(table: ColumnTable): void | Promise<void>;
  encode(table: ColumnTable): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: typeof defaultDecodeLimits): unknown;
}

/** The decoded payload; undefined if the format refused the file with an error about the file. */
async function decodeOrRefuse<Payload>(decode: () => Payload | Promise<Payload>): Promise<Payload | undefined> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof DecodeError || error instanceof DecodeLimitError || error instanceof NewerPayloadError)
      return undefined;
    throw error;
  }
}

/** The table, or undefined where the file was refused. */
async function readThenWrite(format: Tables, bytes: Uint8Array): Promise<ColumnTable | undefined> {
  const read = await decodeOrRefuse(() => format.decode(bytes, defaultDecodeLimits));
  if (read === undefined) return undefined;
  assertColumnTable(read);
  await format.check(read);
  const written = new Uint8Array(Buffer.concat(await format.encode(read)));
  const again = (await format.decode(written, defaultDecodeLimits)) as ColumnTable;
  expect(again.toRows()).toStrictEqual(read.toRows());
  expect(again.columns.map(({ type }) => type)).toEqual(read.columns.map(({ type }) => type));
  return read;
}

const formats = { parquet: tabular(parquetCodec()), arrow: tabular(arrowCodec) } as unknown as {
  readonly [name in "parquet" | "arrow"]: Tables;
};

describe("what is read of a file of others can be written, and is the same again", () => {
  test("of the files at hand", async () => {
    const folder = new URL("fixtures/", import.meta.url);
    let read = 0;
    for (const name of await readdir(folder)) {
      const extension = name.split(".").at(-1) as keyof typeof formats;
      if (!Object.hasOwn(formats, extension)) continue;
      const bytes = new Uint8Array(await readFile(new URL(name, folder)));
      if (name.includes("zstd") && !("zstdCompressSync" in process.getBuiltinModule("node:zlib"))) continue;
      if ((await readThenWrite(formats[extension], bytes)) !== undefined) read += 1;
    }
    expect(read).toBeGreaterThanOrEqual(4);
  });

  test.each(["", ", parquet_version v2", ", parquet_version v2, dictionary_size_limit 1"])(
    "of DuckDB: every type that it has%s",
    async (options) => {
      await using folder = await temporaryFolder();
      const path = folder.join("theirs.parquet");
      const names = (await queryDuckdb("select column_name from (describe select * from test_all_types())")).flat();
      const selected: string[] = [];
      const refused: string[] = [];
      for (const name of names as string[]) {
        try {
          await queryDuckdb(
            `copy (select 1 as k, "${name}" from test_all_types()) to '${path}' (format parquet${options})`,
          );
        } catch {
          continue;
        }
        const bytes = new Uint8Array(await readFile(path));
        const read = await readThenWrite(formats.parquet, bytes);
        (read === undefined ? refused : selected).push(name);
        const part = await parquetCodec().selectColumns?.(
          countedSource(bytes).source,
          { columns: ["k"] },
          defaultDecodeLimits,
        );
        expect(part?.toRows()).toEqual([{ k: 1 }, { k: 1 }, { k: 1 }]);
      }
      expect(selected).toEqual(expect.arrayContaining(["bool", "bigint", "varchar", "double", "uuid", "blob"]));
      expect(selected).toEqual(expect.arrayContaining(["timestamp_ns", "dec_4_1", "dec_9_4", "dec_18_6", "dec38_10"]));
      // Their least and greatest values are beyond all Dates; the greatest time of DuckDB is 24:00.
      expect(refused).toEqual(expect.arrayContaining(["date", "timestamp", "timestamp_s", "timestamp_ms", "time"]));
    },
  );

  test("of instants of every kind, also those that no Date holds", async () => {
    for (const kind of [...instantKinds, ...plainKinds.map(([, plain]) => plain)]) {
      const most = kind.bits === 32 ? 2n ** 31n : 2n ** 63n;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(fc.bigInt({ min: -most, max: most - 1n })), { minLength: 1, maxLength: 5 }),
          async (counts) => {
            await readThenWrite(formats[kind.format], kind.create(counts));
          },
        ),
        { numRuns: Math.ceil(runs / 4) },
      );
    }
  });

  test("of any values under any logical type of Parquet", async () => {
    const kinds: readonly (readonly [type: number, bytes: number])[] = [
      [1, 4],
      [2, 8],
      [3, 12],
      [4, 4],
      [5, 8],
      [7, 2],
      [7, 16],
    ];
    const logical = fc.oneof(
      fc.constantFrom(undefined, ...[1, 4, 6, 11, 12, 13, 14, 15].map((kind) => ({ [kind]: {} }))),
      fc.record({ scale: fc.integer({ min: 0, max: 9 }) }).map(({ scale }) => ({ 5: { 1: scale, 2: 18 } })),
      fc.tuple(fc.constantFrom(7, 8), fc.boolean(), fc.constantFrom(1, 2, 3)).map(([kind, utc, unit]) => ({
        [kind]: { 1: utc, 2: { [unit]: {} } },
      })),
    );
    const converted = fc.option(fc.integer({ min: 0, max: 21 }), { nil: undefined });
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        logical,
        converted,
        fc.uint8Array({ minLength: 48, maxLength: 48 }),
        async ([type, size], logicalType, convertedType, all) => {
          const column: MadeColumn = {
            name: "c",
            type,
            values: all.subarray(0, 3 * size),
            present: [true, false, true, true],
            ...(type === 7 ? { typeLength: size } : {}),
            ...(logicalType === undefined ? {} : { logical: logicalType }),
            ...(convertedType === undefined ? {} : { converted: convertedType }),
          };
          if ((await readThenWrite(formats.parquet, makeParquet(4, [column]))) !== undefined) read += 1;
        },
      ),
      { numRuns: runs * 4 },
    );
    expect(read).toBeGreaterThan(runs / 2);
  });

  const cell = fc.oneof(
    fc.constantFrom(
      "",
      "-0",
      "-0.0",
      "1e400",
      "-1e999",
      "NaN",
      "Infinity",
      "true",
      "null",
      "infinity",
      "9007199254740993",
    ),
    fc.constantFrom("+290000-01-01T00:00:00.000Z", "2020-01-01", "2020-01-01T00:00:00.000Z", "AA==", "\ufeff"),
    fc.double().map(String),
    fc.string(),
  );
  const types = [
    "int32",
    "uint64",
    "float32",
    "float64",
    "boolean",
    "string",
    "date",
    "bytes",
    "plainDate",
    "plainTime",
    "decimal(4,2)",
  ] as const;

  test("of CSV with any cells", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), cell, cell, async (type, a, b) => {
        const lines = [a, b].map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text));
        const format = csv({ columns: { c: type } }) as unknown as Tables;
        await readThenWrite(format, new TextEncoder().encode(["c", ...lines, ""].join("\n")));
      }),
      { numRuns: runs * 4 },
    );
  });

  test("of lines of JSON with any values", async () => {
    const json = fc.oneof(
      cell.map((text) => JSON.stringify(text)),
      fc.constantFrom("-0", "-0.0", "1e400", "[-1e400]", '{"a":-0}', "[[-0,1]]", "null", "0", "true", "1e3"),
      fc.json({ noUnicodeString: false }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom<ColumnType>(...types, "value"), json, json, async (type, a, b) => {
        const format = ndjson({ columns: { c: type } }) as unknown as Tables;
        await readThenWrite(format, new TextEncoder().encode(`{"c":${a}}\n{"c":${b}}\n{}\n`));
      }),
      { numRuns: runs * 4 },
    );
  });

  test("of Avro, changed anywhere", async () => {
    const kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    const logical = { type: "long", logicalType: "timestamp-micros" };
    const others = [
      { name: "when", type: ["null", logical] },
      { name: "few", type: { type: "enum", name: "Few", symbols: ["a", "b"] } },
      { name: "four", type: { type: "fixed", name: "Four", size: 4 } },
      { name: "list", type: { type: "array", items: "double" } },
      { name: "map", type: { type: "map", values: ["null", "string"] } },
    ];
    const fields = [...kinds.map((type) => ({ name: `a_${type}`, type })), ...others];
    const row = {
      ...{ a_null: null, a_boolean: true, a_int: -3, a_long: 2 ** 50, a_float: 0.5, a_double: -0 },
      ...{ a_bytes: Uint8Array.of(1, 2), a_string: "é", when: -1, few: "b", four: new Uint8Array(4) },
      ...{ list: [1, Number.NaN], map: { k: "v", l: null } },
    };
    const format = avro({ schema: { type: "record", name: "Row", fields } });
    const file = new Uint8Array(Buffer.concat(await format.encode([row, row])));
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), async (place, byte) => {
        const bytes = file.slice();
        bytes[place] = byte;
        const rows = await decodeOrRefuse(() => format.decode(bytes, defaultDecodeLimits));
        if (rows === undefined) return;
        read += 1;
        await format.check(rows);
        const again = new Uint8Array(Buffer.concat(await format.encode(rows)));
        expect(await format.decode(again, defaultDecodeLimits)).toStrictEqual(rows);
      }),
      // The byte of the container's version says that a newer release wrote the file.
      { numRuns: runs * 4, examples: [[3, 2]] },
    );
    expect(read).toBeGreaterThan(0);
  });

  test("of tables of our own, changed anywhere", async () => {
    const format = table({ columns: true }) as unknown as Tables;
    await fc.assert(
      fc.asyncProperty(anyTable, fc.nat(), fc.nat(255), async (sample, place, byte) => {
        const bytes = new Uint8Array(Buffer.concat(await format.encode(sample)));
        bytes[place % bytes.length] = byte;
        await readThenWrite(format, bytes);
      }),
      { numRuns: runs },
    );
  });
});

describe("what lies where a row is null has no meaning", () => {
  test.each([
    ["date", [0.5, Number.NaN, 1e300, -0]],
    ["boolean", [2, 255, 7, 9]],
    ["string", [undefined, null, 3, "\ud800"]],
    ["bytes", [undefined, null, "a", new Uint8Array(new SharedArrayBuffer(1))]],
    ["plainDate", [undefined, null, 3, "2026-02-30"]],
    ["decimal(4,2)", [undefined, "", "1.5", "-0.00"]],
    ["value", [undefined, null, () => 1, new Map()]],
  ] as const)("in a column of type %s: it is not written, and not refused", async (type, garbage) => {
    const values =
      type === "date" ? Float64Array.from(garbage) : type === "boolean" ? Uint8Array.from(garbage) : [...garbage];
    const marks = Uint8Array.of(1, 1, 1, 1);
    const sample = new ColumnTable([{ name: "c", type, values, marks } as ColumnTable["columns"][number]], 4);
    for (const format of [...Object.values(formats), table({ columns: true }) as unknown as Tables]) {
      await format.check(sample);
      const bytes = new Uint8Array(Buffer.concat(await format.encode(sample)));
      const read = (await format.decode(bytes, defaultDecodeLimits)) as ColumnTable;
      expect(read.toRows()).toEqual([{ c: null }, { c: null }, { c: null }, { c: null }]);
    }
  });
});

describe("a number that a format cannot write again", () => {
  const texts = ["-0", "-0.0", "[1,-0]", '{"a":{"b":-0e3}}', "-1e-400", `-0.${"0".repeat(330)}1`];
  const infinite = ["1e400", "[-1e999]", `{"a":${"9".repeat(400)}}`, `${"9".repeat(250)}e99`];
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const decoders = {
    json: { decode: (text: string) => json().decode(bytesOf(text), defaultDecodeLimits), format: json() },
    ndjson: {
      decode: (text: string) => ndjson().decode(bytesOf(`{"v":${text}}\n`), defaultDecodeLimits),
      format: ndjson(),
    },
  };

  test.each(Object.entries(decoders))("is read as 0 by %s where it is -0", async (_name, { decode, format }) => {
    for (const text of texts) {
      const value = await decode(text);
      await format.check(value as never);
      expect(JSON.stringify(value)).not.toContain("-");
    }
  });

  test.each(Object.entries(decoders))("is refused by %s where it is infinite", async (_name, { decode }) => {
    for (const text of infinite) await expect((async () => decode(text))()).rejects.toThrow(/too large for JavaScript/);
  });

  test("is found wherever it begins, and however few digits it has", () => {
    for (let before = 0; before < 45; before++) {
      for (const number of [`${"9".repeat(400)}`, `${"9".repeat(200)}E150`, `1${"0".repeat(309)}`]) {
        const text = `["${"x".repeat(before)}",${number},1]`;
        expect(() => decoders.json.decode(text), text).toThrow(/too large for JavaScript/);
      }
    }
  });

  test("is left alone in a text, and where it has digits", async () => {
    const value = { text: "-0, 1e400", small: -0.001, large: 1e300, "-0": 1e-300 };
    expect(await json().decode(bytesOf(JSON.stringify(value)), defaultDecodeLimits)).toStrictEqual(value);
  });

  test("is read as 0 by msgpack where it is -0, of four bytes and of eight", async () => {
    const float32 = Uint8Array.of(0x92, 0xca, 0x80, 0, 0, 0, 0x01);
    const float64 = Uint8Array.of(0x92, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xcb, 0x80, 0, 0, 0, 0, 0, 0, 1);
    expect(await msgpack().decode(float32, defaultDecodeLimits)).toStrictEqual([0, 1]);
    const read = await msgpack().decode<number[]>(float64, defaultDecodeLimits);
    expect(read).toStrictEqual([0, -Number.MIN_VALUE]);
    await msgpack().check(read);
  });
});
