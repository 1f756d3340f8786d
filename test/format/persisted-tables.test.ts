import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { csv } from "../../src/entry/formats/csv.ts";
import { ndjson } from "../../src/entry/formats/ndjson.ts";
import { definePersistable, FormatMismatchError } from "../../src/entry/index.ts";
import { tableFromRows } from "../../src/entry/table.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const columns = { id: "int32", name: "string", born: "date" } as const;
const people = [
  { id: 1, name: "Ada", born: new Date("1815-12-10") },
  { id: 2, name: null, born: null },
];

test("records and tables are files that other tools open, and come back as they were", async () => {
  await using folder = await temporaryFolder();
  const rows = definePersistable({ name: "rows", format: csv({ columns, rows: true }), generate: () => people });
  const table = definePersistable({
    name: "table",
    format: ndjson({ columns }),
    generate: () => tableFromRows(people, { types: columns }),
  });
  const lines = definePersistable({ name: "lines", format: ndjson(), generate: () => [[1], { a: null }] });
  const options = { dataDir: folder.path };
  for (const each of [rows({}, options), table({}, options), lines({}, options)]) await each.loadOrGenerate();
  expect(await rows({}, options).load()).toStrictEqual(people);
  expect(await table({}, options).load()).toStrictEqual(tableFromRows(people, { types: columns }));
  expect(await lines({}, options).load()).toStrictEqual([[1], { a: null }]);
  const textOf = (name: string, extension: string): string => {
    const files = readdirSync(folder.join(name)).filter((file) => file.endsWith(extension));
    return readFileSync(folder.join(`${name}/${files[0]}`), "utf8");
  };
  expect(textOf("rows", ".csv")).toBe("id,name,born\r\n1,Ada,1815-12-10T00:00:00.000Z\r\n2,,\r\n");
  expect(textOf("table", ".ndjson")).toBe(
    '{"id":1,"name":"Ada","born":"1815-12-10T00:00:00.000Z"}\n{"id":2,"name":null,"born":null}\n',
  );
  expect(textOf("lines", ".ndjson")).toBe('[1]\n{"a":null}\n');
});

test("a file is not read as columns of other types than it was written with", async () => {
  await using folder = await temporaryFolder();
  const define = (type: "int32" | "int64" | "string") =>
    definePersistable({
      name: "numbers",
      format: csv({ columns: { a: type }, rows: true }),
      generate: () => [{ a: null }],
    })({}, { dataDir: folder.path });
  await define("int32").loadOrGenerate();
  await expect(define("string").load()).rejects.toThrow(FormatMismatchError);
});

test("DuckDB reads both, finds the types out by itself, and tells null from empty text", async () => {
  await using folder = await temporaryFolder();
  const types = { id: "int32", name: "string", at: "date", big: "int64", ratio: "float64", ok: "boolean" } as const;
  const rows = [
    { id: 1, name: 'Ada, "x"\r\n', at: new Date(5), big: 2n ** 63n - 1n, ratio: 0.1, ok: true },
    { id: -2, name: "", at: null, big: null, ratio: 1e300, ok: false },
    { id: null, name: null, at: new Date(-1), big: -1n, ratio: null, ok: null },
  ];
  const write = async (file: string, format: { encode(payload: typeof rows): unknown }): Promise<void> =>
    writeFileSync(folder.join(file), Buffer.concat((await format.encode(rows)) as Uint8Array[]));
  await write("a.csv", csv({ columns: types, rows: true }));
  await write("b.ndjson", ndjson({ columns: types, rows: true }));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const ask = async (sql: string): Promise<unknown[]> => (await connection.runAndReadAll(sql)).getRowsJson();
  const cells = [
    ["1", 'Ada, "x"\r\n', "5", "9223372036854775807", 0.1, true],
    ["-2", "", null, null, 1e300, false],
    [null, null, "-1", "-1", null, null],
  ];
  const columns = 'id, name, epoch_ms("at"), big::BIGINT, ratio, ok';
  try {
    expect(await ask(`SELECT ${columns} FROM read_csv('${folder.join("a.csv")}', allow_quoted_nulls = false)`)).toEqual(
      cells,
    );
    expect(await ask(`SELECT ${columns} FROM read_json('${folder.join("b.ndjson")}')`)).toEqual(cells);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});
