import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteStore } from "./sqlite-store.ts";

const require = createRequire(import.meta.url);
const Database: new (file: string) => SqliteDatabase = require("libsql");

/** Opens a file of SQLite as a store, and creates it if there is none. */
export function openStore(file: string): SqliteStore {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  return new SqliteStore(new Database(file), pathToFileURL(file).href.replace(/^file:/, "sqlite:"));
}
