import { readdirSync } from "node:fs";
import { expect, expectTypeOf, test } from "vitest";
import { arrow } from "../../src/entry/formats/arrow.ts";
import { parquet } from "../../src/entry/formats/parquet.ts";
import { definePersistable } from "../../src/entry/index.ts";
import { type ColumnTable, tableFromRows } from "../../src/entry/table.ts";
import { readTable } from "../../src/persistable/read-table.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const trips = Array.from({ length: 5000 }, (_, id) => ({
  id,
  city: `city ${id % 9}`,
  at: new Date(id * 1000),
  far: id % 2 === 0,
}));

test.each([
  ["parquet", parquet({ rowGroupRows: 1000 }), parquet({ rows: true })],
  ["arrow", arrow(), arrow({ rows: true })],
] as const)("%s: tables and records come back as they were, whole and in part", async (name, ofTables, ofRows) => {
  await using folder = await temporaryFolder();
  const tables = definePersistable({ name: "tables", format: ofTables, generate: () => tableFromRows(trips) });
  const records = definePersistable({ name: "records", format: ofRows, generate: () => trips });
  const options = { dataDir: folder.path };
  for (const each of [tables({}, options), records({}, options)]) await each.loadOrGenerate();
  const table = await tables({}, options).load();
  expectTypeOf(table).toEqualTypeOf<ColumnTable<(typeof trips)[number]>>();
  expect(table).toStrictEqual(tableFromRows(trips));
  expect(await records({}, options).load()).toStrictEqual(trips);
  for (const each of [tables({}, options), records({}, options)]) {
    const part = await readTable(each, { columns: ["at", "id"], rows: { start: 2500, end: 2502 } });
    expect(part.toRows()).toStrictEqual(trips.slice(2500, 2502).map(({ at, id }) => ({ at, id })));
    // @ts-expect-error no such column
    await expect(readTable(each, { columns: ["size"] })).rejects.toThrow(/size.*is not a column/);
  }
  const files = readdirSync(folder.join("records")).filter((file) => file.endsWith(`.${name}`));
  expect(files).toHaveLength(1);
  if (name === "parquet")
    expect(
      await queryDuckdb(
        `select city, sum(id)::int from '${folder.join("records", files[0] ?? "")}' where far group by 1 order by 1 limit 1`,
      ),
    ).toEqual([["city 0", trips.filter(({ id }) => id % 18 === 0).reduce((sum, { id }) => sum + id, 0)]]);
});

test("a format of tables takes no records, and the other way round", () => {
  // @ts-expect-error records
  () => definePersistable({ name: "a", format: parquet(), generate: () => trips });
  // @ts-expect-error a table
  () => definePersistable({ name: "a", format: arrow({ rows: true }), generate: () => tableFromRows(trips) });
  // @ts-expect-error no such compression
  () => parquet({ codec: "lzo" });
});
