import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { storeConformance } from "persistable-ts/testing";
import ts from "typescript";
import { describe, expect, it, test } from "vitest";
import { openStore } from "../../examples/sqlite-store/open-store.ts";
import type { SqliteDatabase } from "../../examples/sqlite-store/sqlite-database.ts";
import type { SqliteStore } from "../../examples/sqlite-store/sqlite-store.ts";
import { bundleExample } from "../support/bundle-example.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const example = path.resolve("examples/sqlite-store");
const require = createRequire(import.meta.url);
const Database: new (file: string) => SqliteDatabase = require("libsql");

const module = await bundleExample("sqlite-store", "open-store");

storeConformance(
  { describe, it },
  {
    name: "a file of SQLite",
    capabilities: { exclusiveCreate: true, durable: true, shared: true },
    module: pathToFileURL(module),
    async open() {
      const folder = await temporaryFolder();
      const place = folder.join("not there yet", "artifacts.sqlite");
      const opened: SqliteStore[] = [];
      const open = (): SqliteStore => {
        const store = openStore(place);
        opened.push(store);
        return store;
      };
      return {
        store: open(),
        place,
        reopen: async () => open(),
        async close() {
          const left = countLoose(place);
          for (const store of opened) store.close();
          await folder[Symbol.asyncDispose]();
          expect(left).toBe(0);
        },
      };
    },
    disable: async ({ store }) => (store as SqliteStore).close(),
    async truncate({ place = "" }, object, sizeBytes) {
      const database = new Database(place);
      const content = "content = (SELECT content FROM objects WHERE path = ?)";
      const whole = Math.floor(sizeBytes / 2 ** 20);
      database.prepare(`DELETE FROM parts WHERE ${content} AND number > ?`).run(object, whole);
      database
        .prepare(`UPDATE parts SET bytes = SUBSTR(bytes, 1, ?) WHERE number = ? AND ${content}`)
        .run(sizeBytes - whole * 2 ** 20, whole, object);
      database.close();
    },
  },
);

/** Parts that no object refers to. */
function countLoose(place: string): unknown {
  const database = new Database(place);
  const query = "SELECT COUNT(*) AS count FROM parts WHERE content NOT IN (SELECT content FROM objects)";
  const row = database.prepare(query).get() as { count: number };
  database.close();
  return row.count;
}

test("uses the public names of the package alone", () => {
  const imported = readdirSync(example)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => ts.preProcessFile(readFileSync(path.join(example, name), "utf8")).importedFiles)
    .map(({ fileName }) => fileName);
  expect(imported).toContain("persistable-ts/store");
  for (const name of imported) expect(name).toMatch(/^(\.\/[a-z-]+\.ts|node:[a-z]+|persistable-ts(\/store)?)$/);
});

test("of several programs at once, one generates and the others load", async () => {
  await using folder = await temporaryFolder();
  const start = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, args)).stdout;
  const options = (dataDir: string, below: number) => ["--data-dir", folder.join(dataDir), "--below", `${below}`];
  const program = await bundleExample("sqlite-store");
  const first = await start(program, ...options("first", 100));
  expect(first).toMatch(
    /^primes: generated\n25 primes below 100, in .*first\/artifacts\.sqlite:\nprimes\/\S+ \(\d+ bytes\)\n/,
  );

  const run = (): Promise<string> => start(program, ...options("shared", 1_000_000));
  const outputs = await Promise.all([run(), run(), run()]);
  const told = outputs.map((output) => output.split("\n")[0]).sort();
  expect(told).toEqual(["primes: generated", "primes: hit", "primes: hit"]);
  for (const output of outputs) expect(output).toContain("\n78498 primes below 1000000, in ");
});
