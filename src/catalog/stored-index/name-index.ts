import { StoreError } from "../../errors/store-errors.ts";
import { folderNames } from "../../store/folder-names.ts";
import { INDEX_FOLDER, internalPath } from "../../store/internal-folder.ts";
import type { ReadableStore, Store } from "../../store/store.ts";
import { isStorePath } from "../../store/store-path.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { randomHex } from "../../util/random-hex.ts";
import { safeName } from "../../util/safe-name.ts";
import type { ColumnKind, EntryColumns } from "../columns/entry-columns.ts";
import { decodeIndexFile, encodeIndexFile, type IndexFile, type IndexHead } from "./index-file.ts";

/** A name with fewer records has no index: reading them is faster than keeping it. */
const MIN_ROWS = 100;
/**
 * Fewer new records are not written: the next process reads them again, which is cheaper than one
 * more file.
 */
const MIN_UNSAVED = 64;
/**
 * Above this many files, one file replaces all, if the smaller ones have more than an eighth of the
 * rows.
 */
const MANY_FILES = 16;
const MOST_FILES = 64;
/**
 * If rows are outdated, a name with at most this many rows gets a new file that replaces all
 * others. With more rows, it gets one when more than an eighth are outdated.
 */
const SMALL_ROWS = 50_000;
/**
 * Up to this many objects without a row, a file can claim to hold the whole state: it has to name
 * them.
 */
const MOST_OTHERS = 1000;
const FILE = /^[0-9a-f]{13,64}(?:-[0-9a-f]{16})?\.table$/;

/** The state of a name's folder, if an index has every artifact in it. */
export interface HeldState {
  readonly changedMs: number;
  readonly others: readonly string[];
}

/**
 * The index of one name: immutable files, of which each adds rows to those before it, or replaces
 * them. Any number of processes add files. The files are a copy: rows are compared with the records
 * that are there, and any file may be deleted at any time.
 */
export class NameIndex {
  readonly #store: ReadableStore;
  /** Absent if this process only reads the files. */
  #writer: Store | undefined;
  readonly #name: string;
  readonly #folder: string;
  readonly #heads = new Map<string, IndexHead>();
  /** Rows that no file has. */
  readonly #unsaved = new Set<number>();
  /**
   * How many rows were removed or replaced since the last whole file: a file that only adds rows
   * cannot say that.
   */
  #outdated = 0;
  #savedMs: number | undefined;

  constructor(store: ReadableStore, name: string, writer?: Store) {
    this.#store = store;
    this.#writer = writer?.capabilities.shared === true ? writer : undefined;
    this.#name = name;
    this.#folder = `${INDEX_FOLDER}/${safeName(name)}`;
  }

  /**
   * Adds the rows of files that were not read yet.
   *
   * @param isWanted - which kinds of columns to add
   * @returns the state of the folder, if the files together have every artifact in it
   */
  async load(
    columns: EntryColumns,
    signal: AbortSignal | undefined,
    isWanted: (kind: ColumnKind) => boolean = () => true,
  ): Promise<HeldState | undefined> {
    if (!isStorePath(this.#folder)) return undefined;
    try {
      const { objects } = await folderNames(this.#store, this.#folder, { signal });
      const present = objects.filter((file) => FILE.test(file)).sort();
      for (const known of this.#heads.keys()) if (!present.includes(known)) this.#heads.delete(known);
      const found = await this.#readNew(present, signal);
      const replaced = new Set([...this.#heads.values()].flatMap(({ replaces }) => replaces));
      for (const [file, { addTo }] of found) if (!replaced.has(file)) addTo(columns, isWanted);
      await this.#remove([...this.#heads.keys()].filter((file) => replaced.has(file)));
      return this.#heldState();
    } catch (error) {
      // The index is only a copy of the records: the caller can do without it.
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  /** Notes that a row was read from its record: no file has it yet. */
  added(row: number): void {
    this.#unsaved.add(row);
  }

  /** Notes that a row is outdated: its record was removed or replaced. */
  removed(row: number): void {
    if (!this.#unsaved.delete(row)) this.#outdated += 1;
  }

  /**
   * Writes the rows that no file has yet, if that will save more time than it takes.
   *
   * @param changedMs - the time of the last change in the folder, taken before the folder was
   * listed
   * @param others - the objects in the folder that have no row, such as failures
   */
  async save(
    columns: EntryColumns,
    changedMs: number | undefined,
    others: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isNews = changedMs !== undefined && changedMs !== this.#savedMs && others.length <= MOST_OTHERS;
    if (this.#writer === undefined || columns.size < MIN_ROWS || !(isNews || this.#unsaved.size >= MIN_UNSAVED)) return;
    const isWhole = this.#isTimeForWhole(columns.size);
    const files = [...this.#heads.keys()].sort();
    // The first file needs all rows, like a whole one: the oldest first, so that a process that
    // reads the file need not sort them.
    const rows = isWhole || files.length === 0 ? columns.oldestFirst() : [...this.#unsaved];
    const claim = isNews && (isWhole || this.#outdated === 0) ? { changedMs, others } : { others: [] };
    if (rows.length === 0 && claim.changedMs === undefined) return;
    const head = { name: this.#name, replaces: isWhole ? files : [], after: isWhole ? [] : files, ...claim };
    // All processes that replace the same files choose the same name, so that one of them succeeds.
    const file = isWhole ? `${sha256Hex(files.join("\n"))}.table` : `${newFileName()}.table`;
    if (!(await this.#write(file, encodeIndexFile(columns, rows, head), signal))) return;
    this.#heads.set(file, { ...head, rows: rows.length });
    this.#unsaved.clear();
    this.#savedMs = claim.changedMs ?? this.#savedMs;
    if (!isWhole) return;
    this.#outdated = 0;
    await this.#remove(files);
  }

  #isTimeForWhole(size: number): boolean {
    if (this.#outdated > 0) return size <= SMALL_ROWS || this.#outdated > size / 8;
    const rows = [...this.#heads.values()].map((head) => head.rows);
    const total = rows.reduce((sum, each) => sum + each, 0);
    if (total > 1.5 * size + 1000 || rows.length > MOST_FILES) return true;
    return rows.length > MANY_FILES && (total - Math.max(...rows)) * 8 > size;
  }

  async #readNew(present: readonly string[], signal: AbortSignal | undefined): Promise<Map<string, IndexFile>> {
    const found = new Map<string, IndexFile>();
    for (const file of present) {
      if (this.#heads.has(file)) continue;
      const bytes = await this.#store.read(internalPath(this.#folder, file), { signal });
      const decoded = bytes === undefined ? "newer" : decodeIndexFile(bytes);
      if (decoded === "newer") continue;
      if (decoded === "damaged" || decoded.head.name !== this.#name) await this.#remove([file]);
      else {
        found.set(file, decoded);
        this.#heads.set(file, decoded.head);
      }
    }
    return found;
  }

  /**
   * Looks for a file that continues or replaces all others: its writer knew them all, so its claim
   * holds.
   */
  #heldState(): HeldState | undefined {
    const files = [...this.#heads.keys()];
    for (const { changedMs, others, after } of this.#heads.values()) {
      if (changedMs === undefined || !after.every((file) => this.#heads.has(file))) continue;
      const unknown = files.filter((file) => !after.includes(file));
      if (unknown.length > 1) continue;
      this.#savedMs = changedMs;
      return { changedMs, others };
    }
    return undefined;
  }

  async #write(file: string, chunks: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<boolean> {
    try {
      const path = internalPath(this.#folder, file);
      const outcome = await this.#writer?.createIfAbsent(path, chunks, { durable: false, signal });
      // Another process has replaced the same files, with rows that this one does not know.
      if (outcome === "exists") this.#writer = undefined;
      return outcome === "created";
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#writer = undefined;
      return false;
    }
  }

  /** Ignores a failure: a file that stays does no harm. */
  async #remove(files: readonly string[]): Promise<void> {
    for (const file of files) {
      this.#heads.delete(file);
      try {
        await this.#writer?.remove(internalPath(this.#folder, file));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
    }
  }
}

/** The names sort by time, if the clocks of the machines agree. */
function newFileName(): string {
  const random = randomHex(8);
  return `${Date.now().toString(16).padStart(13, "0")}-${random}`;
}
