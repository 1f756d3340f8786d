import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { frequencies } from "./tables.ts";

// main.js [--data-dir folder]
const { values } = parseArgs({ options: { "data-dir": { type: "string", default: "example-data" } } });
const dataDir = values["data-dir"];

const frequent = frequencies({}, { dataDir });
const { rowCount } = await frequent.payload;
const { words } = frequent.dependencies;
const { licenses } = words.dependencies;

/** The path at which other tools find a payload. */
async function fileOf(persistable: typeof frequent | typeof words | typeof licenses): Promise<string> {
  const record = await persistable.record();
  return join(dataDir, persistable.name, record?.payload.file ?? "");
}

console.log(`${rowCount} words stand in two licenses or more. The most common, read by apache-arrow:`);
const common = tableFromIPC(readFileSync(await fileOf(frequent))).slice(0, 5);
console.table(common.toArray().map(({ word, licenseCount }) => ({ word, licenseCount })));

console.log("Words of approved licenses that others do without, asked of the CSV and the Parquet file by DuckDB:");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const answer = await connection.runAndReadAll(`
  SELECT word, count(*) FILTER (osiApproved) AS approved, count(*) FILTER (NOT osiApproved) AS others
  FROM '${await fileOf(words)}' JOIN '${await fileOf(licenses)}' ON license = id
  GROUP BY word ORDER BY approved / (others + 5) DESC, word LIMIT 5`);
console.table(answer.getRowObjectsJson());
connection.closeSync();
