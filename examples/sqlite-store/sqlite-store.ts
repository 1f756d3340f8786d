import { randomUUID } from "node:crypto";
import {
  assertStorePath,
  assertStorePrefix,
  type Chunks,
  isStorePath,
  ObjectExistsError,
  ObjectTooLargeError,
  passToOnChunk,
  type ReadOptions,
  readChunks,
  resolveRange,
  type Store,
  StoreAccessError,
  type StoreCallOptions,
  type StoreEntry,
  StoreError,
  type StoreFailure,
  StoreFullError,
  StoreIoError,
  type StoreOperation,
  type StorePath,
  type WriteOptions,
} from "persistable-ts/store";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** The rows in which the bytes of an object are kept: a write holds one of them in memory. */
const PART_BYTES = 1024 * 1024;
/** The objects that one query of a listing fetches. */
const PAGE_SIZE = 500;
const DAY_MS = 24 * 60 * 60 * 1000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS objects (path TEXT PRIMARY KEY, content TEXT NOT NULL, modified_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS parts (content TEXT, number INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (content, number));
`;
const SIZE = "(SELECT SUM(LENGTH(bytes)) FROM parts WHERE parts.content = objects.content)";

interface ObjectRow {
  readonly content: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

type Outcome = "created" | "exists";

/** Artifacts in one file of SQLite, which several processes of one machine may use at once. */
export class SqliteStore implements Store {
  readonly url: string;
  readonly capabilities = { exclusiveCreate: true, durable: true, shared: true } as const;
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase, url: string) {
    this.#database = database;
    this.url = url;
    database.exec("PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL;");
    database.exec(SCHEMA);
    // A process that is killed while it writes leaves parts of no object.
    database
      .prepare("DELETE FROM parts WHERE CAST(content AS INTEGER) < ? AND content NOT IN (SELECT content FROM objects)")
      .run(Date.now() - DAY_MS);
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    assertStorePath(path);
    options.signal?.throwIfAborted();
    const bytes = this.#call("read", path, () => this.#transact("", () => this.#readNow(path, options)));
    if (bytes !== undefined) await passToOnChunk(bytes, options);
    return bytes;
  }

  async stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    assertStorePath(path);
    options.signal?.throwIfAborted();
    const row = this.#call("stat", path, () => this.#find(path));
    return row && { path, sizeBytes: row.sizeBytes, modifiedMs: row.modifiedMs };
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const outcome = await this.#write("write", path, chunks, options);
    if (outcome === "exists") throw new ObjectExistsError(this.#failure("write", path));
  }

  createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<Outcome> {
    return this.#write("create", path, chunks, options);
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    await this.#write("replace", path, chunks, options);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    assertStorePath(from);
    assertStorePath(to);
    options.signal?.throwIfAborted();
    return this.#call("move", from, () =>
      this.#transact("IMMEDIATE", () => {
        if (this.#find(from) === undefined) return false;
        if (this.#find(to) !== undefined) throw new ObjectExistsError(this.#failure("move", to));
        this.#run("UPDATE objects SET path = ? WHERE path = ?", to, from);
        return true;
      }),
    );
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    assertStorePath(path);
    options.signal?.throwIfAborted();
    return this.#call("remove", path, () => this.#transact("IMMEDIATE", () => this.#removeNow(path)));
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    assertStorePrefix(prefix);
    let after = "";
    for (;;) {
      options.signal?.throwIfAborted();
      const page = this.#call("list", prefix, () => this.#listAfter(after, prefix));
      for (const { path, sizeBytes, modifiedMs } of page) {
        after = path;
        if (isStorePath(path)) yield { path, sizeBytes, modifiedMs };
      }
      if (page.length < PAGE_SIZE) return;
    }
  }

  /** Free the file. Every later call fails. */
  close(): void {
    this.#database.close();
  }

  #find(path: string): ObjectRow | undefined {
    const query = `SELECT content, modified_ms AS modifiedMs, ${SIZE} AS sizeBytes FROM objects WHERE path = ?`;
    return this.#database.prepare(query).get(path) as ObjectRow | undefined;
  }

  #listAfter(after: string, prefix: string): (ObjectRow & { readonly path: string })[] {
    const query = `SELECT path, modified_ms AS modifiedMs, ${SIZE} AS sizeBytes FROM objects
      WHERE path > ? AND path >= ? AND SUBSTR(path, 1, LENGTH(?)) = ? ORDER BY path LIMIT ${PAGE_SIZE}`;
    const rows = this.#database.prepare(query).all(after, prefix, prefix, prefix);
    return rows as (ObjectRow & { readonly path: string })[];
  }

  #readNow(path: StorePath, { range, maxBytes = Number.POSITIVE_INFINITY }: ReadOptions): Uint8Array | undefined {
    const row = this.#find(path);
    if (row === undefined) return undefined;
    const { start, end } = resolveRange(range, row.sizeBytes);
    if (end - start > maxBytes) throw new ObjectTooLargeError(this.#failure("read", path), row.sizeBytes, maxBytes);
    const first = Math.floor(start / PART_BYTES);
    const query = this.#database.prepare("SELECT bytes FROM parts WHERE content = ? AND number = ?");
    const parts: Uint8Array[] = [];
    for (let number = first; number * PART_BYTES < end; number++) {
      const part = query.get(row.content, number) as { readonly bytes: Uint8Array } | undefined;
      if (part === undefined) break;
      parts.push(part.bytes);
    }
    const bytes = Buffer.concat(parts);
    return bytes.subarray(start - first * PART_BYTES, end - first * PART_BYTES);
  }

  /**
   * The parts go into the database as they arrive, under an id that no object refers to yet. The
   * last one and the name of the object come in one transaction, so that a reader sees all of it or
   * nothing.
   */
  async #write(operation: StoreOperation, path: StorePath, chunks: Chunks, options: WriteOptions): Promise<Outcome> {
    assertStorePath(path);
    const content = `${Date.now()}-${randomUUID()}`;
    let isDone = false;
    try {
      let number = 0;
      let last: Uint8Array = new Uint8Array();
      for await (const part of partsOf(readChunks(chunks, options.signal))) {
        if (number > 0) this.#call(operation, path, () => this.#addPart(content, number - 1, last, options));
        last = part;
        number++;
      }
      options.signal?.throwIfAborted();
      const outcome = this.#call(operation, path, () => {
        this.#waitForDisk(options);
        return this.#transact("IMMEDIATE", () => {
          this.#run("INSERT INTO parts VALUES (?, ?, ?)", content, Math.max(0, number - 1), last);
          return this.#giveName(path, content, operation === "replace");
        });
      });
      isDone = true;
      return outcome;
    } finally {
      if (!isDone) this.#discard(content);
    }
  }

  #addPart(content: string, number: number, bytes: Uint8Array, options: WriteOptions): void {
    this.#waitForDisk(options);
    this.#run("INSERT INTO parts VALUES (?, ?, ?)", content, number, bytes);
  }

  #giveName(path: StorePath, content: string, mayReplace: boolean): Outcome {
    if (mayReplace) this.#removeNow(path);
    const insert = "INSERT INTO objects (path, content, modified_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
    if (this.#run(insert, path, content, Date.now()) === 1) return "created";
    this.#run("DELETE FROM parts WHERE content = ?", content);
    return "exists";
  }

  #removeNow(path: StorePath): boolean {
    const row = this.#find(path);
    if (row === undefined) return false;
    this.#run("DELETE FROM parts WHERE content = ?", row.content);
    this.#run("DELETE FROM objects WHERE path = ?", path);
    return true;
  }

  /**
   * Removes the parts; a later process removes those that this one cannot, when it opens the store.
   */
  #discard(content: string): void {
    try {
      this.#run("DELETE FROM parts WHERE content = ?", content);
    } catch {}
  }

  /**
   * Whether commits wait until the disk has them; the commit of a later write covers the earlier
   * ones.
   */
  #waitForDisk({ durable = true }: WriteOptions): void {
    this.#database.exec(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
  }

  #run(statement: string, ...values: (string | number | Uint8Array)[]): number {
    return Number(this.#database.prepare(statement).run(...values).changes);
  }

  #transact<Value>(kind: "IMMEDIATE" | "", work: () => Value): Value {
    this.#database.exec(`BEGIN ${kind}`);
    try {
      const value = work();
      this.#database.exec("COMMIT");
      return value;
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK");
      } catch {
        // Some failures have already ended the transaction.
      }
      throw error;
    }
  }

  /**
   * Every failure of the database becomes a StoreError: a fault must not look like a missing
   * object.
   */
  #call<Value>(operation: StoreOperation, path: string, work: () => Value): Value {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      const systemCode = String((cause as { code?: unknown }).code ?? "SQLITE_ERROR");
      const failure = { ...this.#failure(operation, path), systemCode, cause };
      if (systemCode.startsWith("SQLITE_FULL")) throw new StoreFullError(failure);
      if (/^SQLITE_(READONLY|PERM|AUTH|CANTOPEN)/.test(systemCode)) throw new StoreAccessError(failure);
      throw new StoreIoError(failure);
    }
  }

  #failure(operation: StoreOperation, path: string): StoreFailure {
    return { operation, path: `${this.url}/${path}` };
  }
}

/** The same bytes in parts of {@link PART_BYTES}, the last one shorter. */
async function* partsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + PART_BYTES - filled);
      part.set(piece, filled);
      filled += piece.length;
      start += piece.length;
      if (filled < PART_BYTES) continue;
      yield part;
      part = new Uint8Array(PART_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield part.slice(0, filled);
}
