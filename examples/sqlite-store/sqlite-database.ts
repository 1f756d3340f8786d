/**
 * The methods that the store calls. `libsql`, `better-sqlite3` and Node's own `node:sqlite` all
 * have them.
 */
export interface SqliteDatabase {
  exec(statements: string): unknown;
  prepare(statement: string): SqliteStatement;
  close(): unknown;
}

export interface SqliteStatement {
  run(...values: (string | number | Uint8Array)[]): { readonly changes: number | bigint };
  get(...values: (string | number)[]): unknown;
  all(...values: (string | number)[]): unknown[];
}
