import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { readTable } from "persistable-ts/table";
import { expect, test } from "vitest";
import { frequencies, words } from "../../examples/license-tables/tables.ts";
import { bundleExample } from "../support/bundle-example.ts";
import { queryDuckdb } from "../support/query-duckdb.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const require = createRequire(import.meta.url);
const texts = require("spdx-license-list/full.js") as Record<string, { osiApproved: boolean; licenseText: string }>;

test("counts what stands in the texts, whoever reads the tables", async () => {
  await using folder = await temporaryFolder();
  const table = await frequencies({}, { dataDir: folder.path }).payload;
  const isIn = (word: string): ((license: { licenseText: string }) => boolean) => {
    const pattern = new RegExp(`(?<!\\p{L})${word}(?!\\p{L})`, "iu");
    return ({ licenseText }) => pattern.test(licenseText);
  };
  const warranty = Object.values(texts).filter(isIn("warranty"));
  expect(table.toRows()).toContainEqual({ word: "warranty", licenseCount: warranty.length });

  const file = async (name: string): Promise<string> => {
    const all = await queryDuckdb(`SELECT file FROM glob('${folder.path}/${name}/*')`);
    return String(all.flat().find((each) => !String(each).endsWith(".json")));
  };
  const join = `FROM '${await file("words")}' JOIN '${await file("licenses")}' ON license = id`;
  expect(await queryDuckdb(`SELECT count(*) ${join} WHERE word = 'warranty' AND osiApproved`)).toEqual([
    [String(warranty.filter(({ osiApproved }) => osiApproved).length)],
  ]);
  const some = await readTable(words({}, { dataDir: folder.path }), {
    columns: ["count", "word"],
    rows: { start: 5, end: 7 },
  });
  expect(some.toRows().map(Object.keys)).toEqual([
    ["count", "word"],
    ["count", "word"],
  ]);
});

test("the program shows what apache-arrow and DuckDB find, also the second time", async () => {
  await using folder = await temporaryFolder();
  const program = await bundleExample("license-tables");
  const run = (): string => execFileSync(process.execPath, [program, "--data-dir", folder.path], { encoding: "utf8" });
  const first = run();
  expect(first).toMatch(/\d{4} words stand in two licenses or more/);
  expect(first).toContain("'lesser'");
  expect(run()).toBe(first);
});
