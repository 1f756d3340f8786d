import { mkdir, writeFile } from "node:fs/promises";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it, test } from "vitest";
import { memoryStore } from "../../src/entry/index.ts";
import { formatConformance } from "../../src/entry/testing.ts";
import { DecodeError, UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { DefinitionError } from "../../src/errors/persistable-errors.ts";
import { arrow, arrowCodec } from "../../src/format/arrow/arrow-format.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format, SelectColumns } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { parquet, parquetCodec } from "../../src/format/parquet/parquet-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import { definePersistable } from "../../src/persistable/define-persistable.ts";
import { readTable } from "../../src/persistable/read-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { countedSource } from "../support/counted-source.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { readFixture } from "../support/read-fixture.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const types = {
  id: "int32",
  big: "int64",
  note: "string",
  at: "date",
  raw: "bytes",
  any: "value",
  ok: "boolean",
} as const;
const full = [
  { id: 1, big: 2n, note: "a", at: new Date(0), raw: Uint8Array.of(1), any: { a: [1] }, ok: true, more: 1.5 },
  { id: null, big: null, note: null, at: null, raw: null, any: null, ok: null, more: null },
];
const nulls = [{ id: null, big: null, note: null, at: null, raw: null, any: null, ok: null }];

const formats = {
  parquet: () => parquet({ rows: true, types }),
  arrow: () => arrow({ rows: true, types }),
  table: () => table({ types }),
  ndjson: () => ndjson({ rows: true, types }),
};

for (const [name, create] of Object.entries(formats))
  formatConformance(
    { describe, it },
    {
      name: `${name} with types`,
      create,
      holds: [full, full.slice(1), nulls, [], [{ ...nulls[0], __proto__x: 1, constructor: "x" }]],
      refuses: [
        null,
        [{ ...full[0], id: 1.5 }],
        [{ ...full[0], id: -0 }],
        [{ ...full[0], id: 2 ** 31 }],
        [{ ...full[0], big: 2 }],
        [{ ...full[0], note: 1 }],
        [{ ...full[0], at: "1970-01-01" }],
        [{ ...full[0], ok: 1 }],
        [{ ...full[0], id: undefined }],
      ],
    },
  );

interface Selecting {
  encode(rows: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  readonly selectColumns?: SelectColumns | undefined;
}

async function typesIn(format: Selecting, rows: readonly object[]): Promise<object> {
  const bytes = new Uint8Array(Buffer.concat(await format.encode(rows as never)));
  const read = await format.selectColumns?.(countedSource(bytes).source, {}, defaultDecodeLimits);
  return Object.fromEntries(read?.columns.map((column) => [column.name, column.type]) ?? []);
}

describe("declared types", () => {
  test.each(["parquet", "arrow", "table"] as const)(
    "are the types of the columns in %s, whatever the values are",
    async (name) => {
      const format = formats[name]();
      for (const rows of [[], nulls, full.slice(0, 1), full.slice(1)]) {
        await format.check(rows);
        expect(await typesIn(format, rows)).toMatchObject(types);
        expect(Object.keys(await typesIn(format, rows)).slice(0, 7)).toEqual(Object.keys(types));
      }
    },
  );

  test.each(["parquet", "arrow", "table"] as const)(
    "do not change the id of %s, nor what is changed later",
    async (name) => {
      expect(formats[name]().id).toBe(name);
      const changed: { a: "int32" | "float64" } = { a: "int32" };
      const format =
        name === "table"
          ? table({ types: changed })
          : name === "parquet"
            ? parquet({ rows: true, types: changed })
            : arrow({ rows: true, types: changed });
      changed.a = "float64";
      expect(await typesIn(format, [{ a: 1 }])).toEqual({ a: "int32" });
    },
  );

  test("are told apart by the id of ndjson, since its files do not say them", async () => {
    const at = ndjson({ rows: true, types: { at: "date" } });
    expect(at.id).not.toBe(ndjson({ rows: true, types: { on: "date" } }).id);
    expect(at.id).not.toBe(ndjson({ rows: true, types: { at: "string" } }).id);
    expect(ndjson({ rows: true, types: { a: "date", b: "int64" } }).id).toBe(
      ndjson({ rows: true, types: { b: "int64", a: "date" } }).id,
    );
    const rows = [{ at: new Date(0), on: "1970" }, {}];
    const bytes = Buffer.concat(await at.encode(rows));
    expect(bytes.toString()).toBe('{"at":"1970-01-01T00:00:00.000Z","on":"1970"}\n{}\n');
    const read = async (text: string): Promise<unknown> =>
      await at.decode(new TextEncoder().encode(text), defaultDecodeLimits);
    expect(await read('{"x":-0,"at":null}\n')).toEqual([{ x: 0, at: null }]);
    await expect(read('{"at":5}\n')).rejects.toThrow(/5 in line 1 is not of type date, as column "at" is declared/);
    await expect(read('{"at":"infinity"}\n')).rejects.toThrow(DecodeError);
    await expect(read('{"x":1e999}\n')).rejects.toThrow(/line 1 holds a number that is too large/);
    await expect(read("1\n")).rejects.toThrow(/line 1 is not an object/);
    const other = [{ at: null }, { at: null, on: new Date(0) }];
    const undeclared = async (): Promise<void> => await at.check(other);
    await expect(undeclared()).rejects.toThrow(/payload\[1\]\.on.*Declare its type/);
  });

  test.each([
    ["parquet of tables", () => parquet({ types: { a: "int32" } } as never)],
    ["arrow of tables", () => arrow({ types: { a: "int32" }, rows: false } as never)],
    ["table of tables", () => table({ columns: true, types: { a: "int32" } } as never)],
    ["ndjson without rows", () => ndjson({ types: { a: "int32" } } as never)],
    [
      "ndjson with columns as well",
      () => ndjson({ rows: true, types: { a: "date" }, columns: { a: "date" } } as never),
    ],
    ["parquet, no such type", () => parquet({ rows: true, types: { a: "int12" } } as never)],
    ["arrow, no such type", () => arrow({ rows: true, types: { a: "toString" } } as never)],
    ["table, no such type", () => table({ types: { a: undefined } } as never)],
    ["ndjson, no such type", () => ndjson({ rows: true, types: { a: 1 } } as never)],
  ])("are refused by %s", (_what, create) => {
    expect(create).toThrow(DefinitionError);
  });

  test.each(["parquet", "arrow"] as const)("do not fill in a key that a record of %s lacks", async (name) => {
    const check = async (): Promise<void> => await formats[name]().check([{ ...nulls[0] }, { id: 1 }] as never);
    await expect(check()).rejects.toThrow(UnsupportedPayloadError);
    await expect(check()).rejects.toThrow(/payload\[1\]\.big is absent/);
  });

  test("give columns to whoever reads a part of an empty payload", async () => {
    const store = memoryStore();
    for (const format of [formats.parquet(), formats.arrow(), formats.table()]) {
      const empty = definePersistable({ name: `empty_${format.id}`, format, generate: () => [] });
      for (const _ of [0, 1]) {
        const part = await readTable(empty({}, { dataDir: store }), { columns: ["note", "at"] });
        expect(part.columns.map(({ type }) => type)).toEqual(["string", "date"]);
      }
    }
  });
});

describe("what was written before types could be declared", () => {
  const rows = {
    empty: [],
    nulls: [
      { k: "x", v: null },
      { k: "y", v: null },
    ],
  };
  const readers = {
    parquet: [parquet({ rows: true }), parquet({ rows: true, types: { k: "string", v: "string" } })],
    arrow: [arrow({ rows: true }), arrow({ rows: true, types: { k: "string", v: "float64" } })],
    ptbl: [table(), table({ types: { k: "string", v: "date" } })],
  } as const;

  test.each(Object.keys(readers) as (keyof typeof readers)[])(
    "is read, from .%s, with and without types",
    async (extension) => {
      for (const what of ["empty", "nulls"] as const)
        for (const format of readers[extension]) {
          const bytes = await readFixture(`ours-before-types-${what}.${extension}`);
          expect(await (format as Format).decode(bytes, defaultDecodeLimits)).toEqual(rows[what]);
        }
    },
  );
});

describe("a column that is only null", () => {
  const rows = [
    { k: "x", v: null },
    { k: "y", v: null },
  ];

  test("has Arrow's type for that, in one batch or many", async () => {
    const bytes = Buffer.concat(await arrow({ rows: true }).encode(rows));
    const read = tableFromIPC(bytes);
    expect(read.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
      ["k", "Utf8"],
      ["v", "Null"],
    ]);
    expect(read.toArray().map((row) => row.toJSON())).toEqual(rows);
    expect(await arrow({ rows: true }).decode(new Uint8Array(bytes), defaultDecodeLimits)).toStrictEqual(rows);
    const { encodeArrowFile } = await import("../../src/format/arrow/encode-arrow.ts");
    const many = Buffer.concat(await encodeArrowFile(tableFromRows(rows) as never, { batchBytes: 1 }));
    expect(tableFromIPC(many).batches).toHaveLength(2);
    expect((await arrowCodec.decode(new Uint8Array(many), defaultDecodeLimits)).toRows()).toStrictEqual(rows);
  });

  test("has Parquet's type for that, over several row groups, and is nested values where that was declared", async () => {
    await using folder = await temporaryFolder();
    for (const [format, type] of [
      [parquet({ rows: true, rowGroupRows: 1 }), "INTEGER"],
      [parquet({ rows: true, types: { v: "value" } }), "JSON"],
      [parquet({ rows: true, types: { v: "int16" } }), "SMALLINT"],
    ] as const) {
      const bytes = Buffer.concat(await format.encode(rows));
      await writeFile(folder.join("x.parquet"), bytes);
      const described = await queryDuckdb(
        `select column_type from (describe select v from '${folder.join("x.parquet")}')`,
      );
      expect(described).toEqual([[type]]);
      expect(await (format as Format).decode(new Uint8Array(bytes), defaultDecodeLimits)).toEqual(rows);
    }
  });

  test("needs a declaration in csv, whose cells are text without one", async () => {
    await expect(async () => await csv({ rows: true }).check(rows)).rejects.toThrow(
      /v is a column of type value.*Declare/,
    );
    const format = csv({ rows: true, columns: { k: "string", v: "string" } });
    await format.check(rows);
    const bytes = Buffer.concat(await format.encode(rows));
    expect(bytes.toString()).toBe("k,v\r\nx,\r\ny,\r\n");
    expect(await format.decode(new Uint8Array(bytes), defaultDecodeLimits)).toEqual(rows);
  });
});

describe("the files of many payloads are read together by DuckDB", () => {
  const payloads = {
    "a full one": [{ k: "x", v: 1.5, t: "t", d: new Date(0), n: 1n, j: { a: 1 }, b: true }],
    "an empty one": [],
    "one that is only null": [{ k: "y", v: null, t: null, d: null, n: null, j: null, b: null }],
  };
  const declared = { k: "string", v: "float64", t: "string", d: "date", n: "int64", j: "value", b: "boolean" } as const;
  const orders = [
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
  ];
  const wanted = [
    ["x", 1.5, "t", 0, 1, '{"a":1}', true],
    ["y", null, null, null, null, null, null],
  ];

  async function readTogether(
    format: { encode(rows: never): unknown },
    order: readonly number[],
    union: boolean,
  ): Promise<unknown> {
    await using folder = await temporaryFolder();
    await mkdir(folder.join("data"));
    for (const [place, i] of order.entries()) {
      const rows = Object.values(payloads)[i] as never;
      const bytes = Buffer.concat((await format.encode(rows)) as readonly Uint8Array[]);
      await writeFile(folder.join("data", `${place}.parquet`), bytes);
    }
    const files = folder.join("data", "*.parquet");
    const from = union ? `read_parquet('${files}', union_by_name = true)` : `'${files}'`;
    return await queryDuckdb(`select k, v, t, epoch_ms(d)::double, n::int, j::varchar, b from ${from} order by k`);
  }

  test.each(orders)("with types, in the order %i %i %i, by their places or by names", async (...order) => {
    for (const union of [false, true])
      expect(await readTogether(parquet({ rows: true, types: declared }), order, union)).toEqual(wanted);
  });

  test.each(orders)("without types, in the order %i %i %i, by names", async (...order) => {
    expect(await readTogether(parquet({ rows: true }), order, true)).toEqual(wanted);
  });

  test("an empty one without types has no column for us", async () => {
    const bytes = new Uint8Array(Buffer.concat(await parquet({ rows: true }).encode([])));
    const read = await parquetCodec().decode(bytes, defaultDecodeLimits);
    expect(read.columns).toEqual([]);
    expect(read.rowCount).toBe(0);
  });

  test.each(["ndjson", "csv"] as const)("of %s: also an empty one", async (name) => {
    await using folder = await temporaryFolder();
    const columns = { k: "string", v: "float64" } as const;
    const format = name === "csv" ? csv({ columns, rows: true }) : ndjson({ columns, rows: true });
    const some = [[], [{ k: "x", v: 1.5 }], [{ k: "y", v: null }]];
    for (const [i, rows] of some.entries())
      await writeFile(folder.join(`${i}.${name}`), Buffer.concat(await format.encode(rows)));
    const reader = name === "csv" ? "read_csv" : "read_json_auto";
    const from = `${reader}('${folder.join(`*.${name}`)}', union_by_name = true)`;
    expect(await queryDuckdb(`select k, v::double from ${from} order by k`)).toEqual([
      ["x", 1.5],
      ["y", null],
    ]);
  });
});
