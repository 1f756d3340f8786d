import type { Address } from "../../address/address.ts";
import type { RecipeNode } from "../../address/recipe-node.ts";
import { addressOfRecordPath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { StoreError } from "../../errors/store-errors.ts";
import { peekRecord } from "../../record/peek-record.ts";
import { type ArtifactRecord, MAX_RECORD_BYTES, type Provenance } from "../../record/record.ts";
import { folderNames } from "../../store/folder-names.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { ClassCodec } from "../../util/class-codec.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { EntryColumns } from "../columns/entry-columns.ts";
import { settledChangeMs } from "../file-stamp.ts";
import { parseForComparison } from "../read-records.ts";
import { cellsOfNode, cellsOfRecord } from "../recipe-cells.ts";
import { type HeldState, NameIndex } from "../stored-index/name-index.ts";
import { RecipeTable } from "./recipe-table.ts";

/** Records that are near a recipe. */
export interface NearRecords {
  /** The nearest first. */
  readonly records: readonly ArtifactRecord[];
  /** How many records were compared. `total` says how many there are. */
  readonly compared: number;
  readonly total: number;
}

/** How a recipe index is brought up to date. */
export interface RefreshOptions {
  /** How many records the index holds at most. */
  readonly maxRecords: number;
  readonly signal?: AbortSignal | undefined;
}

/** Says which records {@link RecipeIndex.nearest} gives. */
export interface NearestRecordsOptions {
  readonly limit: number;
  /** Whether the record of this very recipe is one of them. */
  readonly includesOwn?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const CONCURRENT_READS = 32;
/** `refreshInPassing` may take this share of the time since the last refresh. */
const MAX_SHARE_OF_TIME = 0.05;

/**
 * The recipes of all artifacts of one name in one store, in memory, for finding the nearest ones.
 * It is a copy: a record that was found is read again and judged before it is used.
 */
export class RecipeIndex {
  readonly #store: ReadableStore;
  readonly #name: string;
  readonly #rows: EntryColumns;
  readonly #table: RecipeTable;
  /** Holds the recipes that other processes have read. */
  readonly #stored: NameIndex;
  #isStoredRead = false;
  readonly #gone = new Set<number>();
  /** Records of a store that cannot be read without waiting; a plan looks at them later. */
  readonly #kept = new Map<number, Uint8Array>();
  #total = 0;
  /** The time of the folder's last change, if everything in the folder has been read since then. */
  #completeMs: number | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(store: ReadableStore, name: string) {
    this.#store = store;
    this.#name = name;
    this.#rows = new EntryColumns(name);
    this.#table = new RecipeTable(this.#rows);
    this.#stored = new NameIndex(store, name);
  }

  /** How many artifacts of the name there are. */
  get total(): number {
    return this.#total;
  }

  /** Yields for each artifact the duration and the cost of its generation, if they are known. */
  *provenances(): Iterable<Pick<Provenance, "durationMs" | "cost">> {
    const durations = this.#rows.fact("took");
    const costs = this.#rows.columns().filter(({ kind }) => kind === "cost");
    for (const row of this.#rows.rows()) {
      const durationMs = durations?.numberAt(row) ?? Number.NaN;
      const cost = costs.flatMap(({ path, values }) => {
        const amount = values.numberAt(row);
        return Number.isNaN(amount) ? [] : [[path, amount] as const];
      });
      yield {
        ...(Number.isNaN(durationMs) ? {} : { durationMs }),
        ...(cost.length === 0 ? {} : { cost: Object.fromEntries(cost) }),
      };
    }
  }

  /**
   * Reads the records that are new since the last refresh.
   *
   * @throws a StoreError where the store cannot be listed; the signal's reason. Records that cannot
   * be read are left out.
   */
  refresh(options: RefreshOptions): Promise<void> {
    const refreshing = this.#refreshing.then(() => this.#refresh(options));
    // The next refresh must not fail because this one did.
    this.#refreshing = refreshing.catch(() => {});
    return refreshing;
  }

  /** Like {@link refresh}, for a caller that refreshes often and must not wait long in all. */
  async refreshInPassing(options: RefreshOptions): Promise<void> {
    await this.#refreshing;
    const ageMs = performance.now() - this.#refreshedMs;
    if (this.#tookMs > ageMs * MAX_SHARE_OF_TIME) return;
    await this.refresh(options);
  }

  /**
   * The records that differ least from a recipe.
   *
   * @throws the signal's reason
   */
  async nearest(node: RecipeNode, options: NearestRecordsOptions): Promise<NearRecords> {
    const { signal } = options;
    const { rows, compared } = this.#find(node, options);
    const records = await mapConcurrently(
      rows,
      async (row) => this.#parse(row, await this.#read(row, signal), node.classes),
      { concurrency: CONCURRENT_READS, signal },
    );
    return this.#settle(node, rows, records, compared) ?? this.nearest(node, options);
  }

  /** The nearest record, for a caller that cannot wait. */
  nearestNow(node: RecipeNode): NearRecords {
    for (;;) {
      const { rows, compared } = this.#find(node, { limit: 1 });
      const records = rows.map((row) => this.#parse(row, this.#readNow(row), node.classes));
      const near = this.#settle(node, rows, records, compared);
      if (near !== undefined) return near;
    }
  }

  /**
   * Returns `undefined` if a record is gone or cannot be used: the caller then looks for others.
   */
  #settle(
    node: RecipeNode,
    rows: readonly number[],
    records: readonly (ArtifactRecord | undefined)[],
    compared: number,
  ): NearRecords | undefined {
    const found = records.filter((record) => record !== undefined);
    for (const [index, row] of rows.entries()) if (records[index] === undefined) this.#gone.add(row);
    if (found.length < rows.length) return undefined;
    // The record of this very recipe does not count: if its artifact is a miss, the record is
    // damaged.
    const own = this.#rows.rowOf(node.address) === undefined ? 0 : 1;
    return {
      records: found,
      compared: Math.min(compared, this.#rows.size - this.#gone.size - own),
      total: this.#total - own,
    };
  }

  #find(node: RecipeNode, options: NearestRecordsOptions): { rows: readonly number[]; compared: number } {
    const { limit, includesOwn = false } = options;
    const own = includesOwn ? undefined : this.#rows.rowOf(node.address);
    const { rows, compared } = this.#table.nearest({
      cells: cellsOfNode(node),
      limit,
      isExcluded: (row) => row === own || this.#gone.has(row),
    });
    return { rows: rows.map(({ row }) => row), compared };
  }

  async #refresh({ maxRecords, signal }: RefreshOptions): Promise<void> {
    const changedMs = settledChangeMs(this.#store, this.#name);
    if (changedMs !== undefined && changedMs === this.#completeMs) return;
    const startedMs = performance.now();
    const held = await this.#readStored(signal);
    if (held !== undefined && held.changedMs === changedMs) {
      // These objects are not in the index: notes of failures, damaged records, and very large
      // recipes.
      const others = held.others.flatMap((file) => addressOfRecordPath(file) ?? []);
      this.#total = this.#rows.size + others.length;
      await this.#readAll(others, new PauseTimer(signal), signal);
      this.#completeMs = changedMs;
    } else await this.#readListed(maxRecords, changedMs, signal);
    this.#refreshedMs = performance.now();
    this.#tookMs = this.#refreshedMs - startedMs;
  }

  /** The stored index is read only once: later changes are found by listing the folder. */
  async #readStored(signal: AbortSignal | undefined): Promise<HeldState | undefined> {
    if (this.#isStoredRead) return undefined;
    this.#isStoredRead = true;
    return this.#stored.load(this.#rows, signal, (kind) => kind === "recipe" || kind === "fact" || kind === "cost");
  }

  async #readListed(maxRecords: number, changedMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const pauseTimer = new PauseTimer(signal);
    const { objects } = await folderNames(this.#store, artifactFolder(this.#name), { signal });
    const fresh: Address[] = [];
    const listed = new Uint8Array(this.#rows.addresses.count);
    this.#total = 0;
    for (const name of objects) {
      const address = addressOfRecordPath(name);
      if (address === undefined) continue;
      this.#total += 1;
      const row = this.#rows.rowOf(address);
      if (row === undefined) fresh.push(address);
      else listed[row] = 1;
    }
    this.#gone.clear();
    for (const row of this.#rows.rows()) if (listed[row] === 0) this.#gone.add(row);
    const room = Math.max(0, maxRecords - this.#rows.size);
    await this.#readAll(fresh.slice(0, room), pauseTimer, signal);
    const isComplete = fresh.length <= room && fresh.every((address) => this.#rows.rowOf(address) !== undefined);
    this.#completeMs = isComplete ? changedMs : undefined;
  }

  async #readAll(fresh: readonly Address[], pauseTimer: PauseTimer, signal: AbortSignal | undefined): Promise<void> {
    this.#rows.addresses.reserve(fresh.length);
    const { sync } = this.#store;
    if (sync === undefined) {
      await mapConcurrently(fresh, async (address) => this.#add(address, await this.#fetch(address, signal)), {
        concurrency: CONCURRENT_READS,
        signal,
      });
      return;
    }
    for (const address of fresh) {
      if (pauseTimer.isDue()) await pauseTimer.pause();
      this.#add(address, this.#fetchNow(address));
    }
  }

  #add(address: Address, bytes: Uint8Array | undefined): void {
    const record = bytes === undefined ? undefined : peekRecord(bytes);
    // Without tampering, no other name has its records in this folder.
    if (record?.name !== this.#name || this.#rows.rowOf(address) !== undefined) return;
    const row = this.#rows.addRecipe(address, cellsOfRecord(record), record.provenance);
    if (this.#store.sync === undefined && bytes !== undefined) this.#kept.set(row, bytes);
  }

  async #read(row: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return this.#fetch(this.#rows.addresses.addressOf(row), signal);
  }

  #readNow(row: number): Uint8Array | undefined {
    return this.#kept.get(row) ?? this.#fetchNow(this.#rows.addresses.addressOf(row));
  }

  async #fetch(address: Address, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    try {
      return await readRecordBytes(this.#store, recordPath(this.#name, address), { signal });
    } catch (error) {
      return ignoreStoreError(error);
    }
  }

  /** The bytes are used before the next read, which reuses their memory. */
  #fetchNow(address: Address): Uint8Array | undefined {
    try {
      const bytes = this.#store.sync?.readShared(recordPath(this.#name, address), MAX_RECORD_BYTES);
      return bytes === "too-large" ? undefined : bytes;
    } catch (error) {
      return ignoreStoreError(error);
    }
  }

  #parse(row: number, bytes: Uint8Array | undefined, classes: readonly ClassCodec[]): ArtifactRecord | undefined {
    if (bytes === undefined) return undefined;
    const path = recordPath(this.#name, this.#rows.addresses.addressOf(row));
    return parseForComparison(bytes, path, this.#name, classes);
  }
}

/** Ignores a record that cannot be read: a failed comparison must not stop a generation. */
function ignoreStoreError(error: unknown): undefined {
  if (error instanceof StoreError) return undefined;
  throw error;
}

const indexes = new WeakMap<ReadableStore, Map<string, RecipeIndex>>();

/** The recipe index of a name, which all callers of this process share. */
export function recipeIndexOf(store: ReadableStore, name: string): RecipeIndex {
  const ofStore = indexes.get(store) ?? new Map<string, RecipeIndex>();
  indexes.set(store, ofStore);
  const recipeIndex = ofStore.get(name) ?? new RecipeIndex(store, name);
  ofStore.set(name, recipeIndex);
  return recipeIndex;
}
