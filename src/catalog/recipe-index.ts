import type { Address } from "../address/address.ts";
import type { RecipeNode } from "../address/recipe-node.ts";
import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../artifact/layout/record-path.ts";
import { StoreError } from "../errors/store-errors.ts";
import { peekRecord } from "../record/peek-record.ts";
import { type ArtifactRecord, MAX_RECORD_BYTES, type Provenance } from "../record/record.ts";
import { folderNames } from "../store/folder-names.ts";
import type { ReadableStore } from "../store/store.ts";
import type { ClassCodec } from "../util/class-codec.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../util/concurrency/yield-turns.ts";
import { settledChangeMs } from "./file-stamp.ts";
import { parseForComparison } from "./read-records.ts";
import { cellsOfNode, cellsOfRecord, type RecordedRecipe } from "./recipe-cells.ts";
import { RecipeTable } from "./recipe-table.ts";

/** Records that are near a recipe. */
export interface NearRecords {
  /** The nearest first. */
  readonly records: readonly ArtifactRecord[];
  /** How many were compared, of how many there are. */
  readonly compared: number;
  readonly total: number;
}

/** How a recipe index is brought up to date. */
export interface RefreshOptions {
  /** How many records it holds at most. */
  readonly maxRecords: number;
  readonly signal?: AbortSignal | undefined;
}

/** Says which records {@link RecipeIndex.nearest} gives. */
export interface NearestRecordsOptions {
  readonly limit: number;
  /** Whether the record of the very recipe is among them. */
  readonly includesOwn?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const CONCURRENT_READS = 32;
/** A refresh in passing may take this share of the time since the last one. */
const MAX_SHARE_OF_TIME = 0.05;

/**
 * The recipes of all artifacts of one name in one store, in memory, for finding the nearest ones.
 * It is a copy: a record that was found is read again and judged before it is used.
 */
export class RecipeIndex {
  readonly #store: ReadableStore;
  readonly #name: string;
  readonly #table = new RecipeTable();
  readonly #addresses: Address[] = [];
  readonly #rows = new Map<Address, number>();
  readonly #gone = new Set<number>();
  readonly #durations: (number | undefined)[] = [];
  readonly #costs = new Map<number, Readonly<Record<string, number>>>();
  /** Records of a store that cannot be read without waiting; a plan looks at them later. */
  readonly #kept = new Map<number, Uint8Array>();
  #total = 0;
  /** The time of the folder's last change, where everything in it was read since. */
  #completeMs: number | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(store: ReadableStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** How many artifacts of the name there are. */
  get total(): number {
    return this.#total;
  }

  /** Yields, of each, how long generating it took and what it cost, where that is known. */
  *provenances(): Iterable<Pick<Provenance, "durationMs" | "cost">> {
    for (const [row, durationMs] of this.#durations.entries()) {
      const cost = this.#costs.get(row);
      yield { ...(durationMs === undefined ? {} : { durationMs }), ...(cost === undefined ? {} : { cost }) };
    }
  }

  /**
   * Reads the records that are new since the last time.
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

  /** The same for a caller that must not be held up again and again. */
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

  /** The artifacts that differ least from a recorded recipe, the nearest first, without its own. */
  nearestTo(
    recipe: RecordedRecipe & Pick<ArtifactRecord, "address">,
    limit: number,
  ): readonly { readonly address: Address; readonly differences: number }[] {
    const own = this.#rows.get(recipe.address);
    const { rows } = this.#table.nearest({
      cells: cellsOfRecord(recipe),
      limit,
      isExcluded: (row) => row === own || this.#gone.has(row),
    });
    return rows.flatMap(({ row, differences }) => {
      const address = this.#addresses[row];
      return address === undefined ? [] : [{ address, differences }];
    });
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

  /** `undefined` where a record is gone or not to be believed: the caller looks for others. */
  #settle(
    node: RecipeNode,
    rows: readonly number[],
    records: readonly (ArtifactRecord | undefined)[],
    compared: number,
  ): NearRecords | undefined {
    const found = records.filter((record) => record !== undefined);
    for (const [index, row] of rows.entries()) if (records[index] === undefined) this.#gone.add(row);
    if (found.length < rows.length) return undefined;
    // A record of the recipe itself, which is damaged if there is a miss, is not compared.
    const own = this.#rows.has(node.address) ? 1 : 0;
    return {
      records: found,
      compared: Math.min(compared, this.#rows.size - this.#gone.size - own),
      total: this.#total - own,
    };
  }

  #find(node: RecipeNode, options: NearestRecordsOptions): { rows: readonly number[]; compared: number } {
    const { limit, includesOwn = false } = options;
    const own = includesOwn ? undefined : this.#rows.get(node.address);
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
    const pauseTimer = new PauseTimer(signal);
    const { objects } = await folderNames(this.#store, artifactFolder(this.#name), { signal });
    const listed = new Set<Address>();
    for (const name of objects) {
      const address = addressOfRecordPath(name);
      if (address !== undefined) listed.add(address);
    }
    this.#total = listed.size;
    for (const [address, row] of this.#rows) {
      if (listed.has(address)) this.#gone.delete(row);
      else this.#gone.add(row);
    }
    const room = Math.max(0, maxRecords - this.#rows.size);
    const fresh = [...listed].filter((address) => !this.#rows.has(address)).slice(0, room);
    await this.#readAll(fresh, pauseTimer, signal);
    this.#completeMs = fresh.length < room && fresh.every((address) => this.#rows.has(address)) ? changedMs : undefined;
    this.#refreshedMs = performance.now();
    this.#tookMs = this.#refreshedMs - startedMs;
  }

  async #readAll(fresh: readonly Address[], pauseTimer: PauseTimer, signal: AbortSignal | undefined): Promise<void> {
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
    // Two names may share a folder only by tampering.
    if (record?.name !== this.#name || this.#rows.has(address)) return;
    const { createdAt, durationMs, cost } = record.provenance;
    const row = this.#table.add(cellsOfRecord(record), Date.parse(createdAt));
    this.#rows.set(address, row);
    this.#addresses[row] = address;
    this.#durations[row] = durationMs;
    if (cost !== undefined) this.#costs.set(row, cost);
    if (this.#store.sync === undefined && bytes !== undefined) this.#kept.set(row, bytes);
  }

  async #read(row: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const address = this.#addresses[row];
    return address === undefined ? undefined : this.#fetch(address, signal);
  }

  #readNow(row: number): Uint8Array | undefined {
    const address = this.#addresses[row];
    return this.#kept.get(row) ?? (address === undefined ? undefined : this.#fetchNow(address));
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
    const address = this.#addresses[row];
    if (bytes === undefined || address === undefined) return undefined;
    return parseForComparison(bytes, recordPath(this.#name, address), this.#name, classes);
  }
}

/** Leaves out what cannot be read: a failed comparison must not stop a generation. */
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
