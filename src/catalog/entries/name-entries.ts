import type { Address } from "../../address/address.ts";
import { failurePath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { StoreError } from "../../errors/store-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { EntryColumns, type EntryEdge } from "../columns/entry-columns.ts";
import { findRows } from "../columns/find-rows.ts";
import { FoundRows } from "../columns/found-rows.ts";
import { KeptOrders } from "../columns/kept-orders.ts";
import { type FileStamp, settledChangeMs, stampOf } from "../file-stamp.ts";
import { RecipeTable } from "../nearest/recipe-table.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { compileQuery, isName } from "../query/matches.ts";
import type { Query } from "../query/query.ts";
import type { SortField } from "../query/sort-entries.ts";
import { cellsOfRecord, countDifferences, type RecordedRecipe } from "../recipe-cells.ts";
import { NameIndex } from "../stored-index/name-index.ts";
import { ChangedFiles } from "./changed-files.ts";
import { type FoundFile, identityOf, type ListedFiles, listFiles, lookAtFiles } from "./list-files.ts";
import { type ReadArtifact, readEntry, readFailureEntry, unreadable } from "./read-entry.ts";

const CONCURRENT_READS = 32;

/** The changes between two looks at the artifacts of a name. */
export interface EntryChanges {
  readonly added: readonly CatalogEntry[];
  readonly removed: readonly CatalogEntry[];
}

/** An artifact that {@link Catalog.nearest} found. */
export interface NearArtifact {
  readonly entry: CatalogEntry;
  /** How many parts of the recipes differ: params, versions, draws, dependencies. */
  readonly differences: number;
}

/** The artifacts of one name that a query means; valid until the next change. */
export interface Selection {
  readonly name: string;
  readonly columns: EntryColumns;
  /** The artifacts in columns, in this order; the newest first without one. */
  rows(order?: readonly SortField[]): FoundRows;
  /** Artifacts that are not in columns, such as damaged ones. */
  readonly others: readonly CatalogEntry[];
  readonly total: number;
}

/** The artifacts of one name in one store, as they were at the last refresh. */
export class NameEntries {
  readonly #store: Store;
  readonly #name: string;
  readonly #index: NameIndex | undefined;
  readonly #columns: EntryColumns;
  readonly #recipes: RecipeTable;
  readonly #orders: KeptOrders;
  /** Failures, and records that are damaged, newer, or too large for columns. */
  readonly #others = new Map<Address, OtherEntry>();
  readonly #changed: ChangedFiles;
  #listedMs: number | undefined;
  #refreshing: Promise<unknown> = Promise.resolve();

  constructor(store: Store, name: string, hasIndex: boolean) {
    this.#store = store;
    this.#name = name;
    this.#columns = new EntryColumns(name);
    this.#recipes = new RecipeTable(this.#columns);
    this.#orders = new KeptOrders(this.#columns);
    this.#changed = new ChangedFiles(store, name);
    this.#index = hasIndex ? new NameIndex(store, name, store) : undefined;
  }

  /** How many artifacts there are, in any state. */
  get size(): number {
    return this.#columns.size + this.#others.size;
  }

  get(address: Address): CatalogEntry | undefined {
    const row = this.#columns.rowOf(address);
    return row === undefined ? this.#others.get(address)?.entry : this.#columns.entryOf(row);
  }

  /** The state of an artifact, and what it was made from; `undefined` if it does not exist. */
  linksOf(
    address: Address,
  ): { readonly state: CatalogEntry["state"]; readonly madeFrom: readonly EntryEdge[] } | undefined {
    const row = this.#columns.rowOf(address);
    if (row !== undefined) return { state: "present", madeFrom: this.#columns.dependenciesOf(row) };
    const entry = this.#others.get(address)?.entry;
    return entry && { state: entry.state, madeFrom: edgesOf(entry) };
  }

  /** The artifacts that were made from one of these addresses, with the role and the address. */
  *dependentsOf(addresses: ReadonlySet<string>): Generator<{ address: Address; role: string; of: Address }> {
    for (const { row, role, of } of this.#columns.dependentsOf(addresses))
      yield { address: this.#columns.addresses.addressOf(row), role, of };
    for (const { entry } of this.#others.values())
      for (const { role, address } of edgesOf(entry))
        if (addresses.has(address)) yield { address: entry.address, role, of: address };
  }

  /** The artifacts whose addresses begin with these digits, at least two. */
  startingWith(digits: string): readonly CatalogEntry[] {
    const rows = this.#columns.rowsStartingWith(digits).map((row) => this.#columns.entryOf(row));
    const others = [...this.#others].filter(([address]) => address.startsWith(digits));
    return [...rows, ...others.map(([, { entry }]) => entry)];
  }

  /**
   * Returns the artifacts that differ least from a recorded recipe, the nearest first. The artifact
   * of the recipe itself is left out.
   */
  nearest(recipe: RecordedRecipe & Pick<ArtifactRecord, "address">, limit: number): readonly NearArtifact[] {
    const columns = this.#columns;
    const cells = cellsOfRecord(recipe);
    const own = columns.rowOf(recipe.address);
    const isExcluded = (row: number): boolean => row === own || columns.isGone(row);
    const { rows } = this.#recipes.nearest({ cells, limit, isExcluded });
    const near = rows.map(({ row, differences }) => ({ entry: columns.entryOf(row), differences }));
    for (const [address, { entry, recipe: other }] of this.#others)
      if (other !== undefined && address !== recipe.address)
        near.push({ entry, differences: countDifferences(cells, other) });
    return near.sort((one, other) => one.differences - other.differences).slice(0, limit);
  }

  *all(): Iterable<CatalogEntry> {
    for (const row of this.#columns.rows()) yield this.#columns.entryOf(row);
    for (const { entry } of this.#others.values()) yield entry;
  }

  select(query: Query, nowMs: number): Selection {
    const columns = this.#columns;
    const marks = query.terms.every(isName) ? undefined : findRows(query, this.#name, columns, nowMs);
    const newest = new FoundRows(columns.oldestFirst(), marks, true);
    const matches = compileQuery(query, nowMs);
    const others = [...this.#others.values()].map(({ entry }) => entry).filter(matches);
    return {
      name: this.#name,
      columns,
      rows: (order = []) => this.#orders.sort(newest, order),
      others,
      total: newest.count + others.length,
    };
  }

  /**
   * Reads the artifacts that the store has now.
   *
   * @throws a StoreError where the store cannot be listed; the signal's reason
   */
  load(signal: AbortSignal | undefined): Promise<void> {
    return this.#next(() => this.#refresh(undefined, signal));
  }

  /**
   * Reads the artifacts that have changed since the last call.
   *
   * @throws like {@link load}
   */
  refresh(signal: AbortSignal | undefined): Promise<EntryChanges> {
    return this.#next(async () => {
      const changes: Changes = { added: [], removed: [] };
      const names = await this.#changed.take();
      if (names === undefined) await this.#refresh(changes, signal);
      else await this.#follow(names, changes, signal);
      return withoutTouched(
        changes.added.flatMap((address) => this.get(address) ?? []),
        changes.removed,
      );
    });
  }

  /** Ends the watch that goes on between two refreshes. */
  close(): void {
    this.#changed.close();
  }

  #next<Result>(refresh: () => Promise<Result>): Promise<Result> {
    const refreshing = this.#refreshing.then(refresh);
    // The next refresh must not fail because this one did.
    this.#refreshing = refreshing.catch(() => {});
    return refreshing;
  }

  /** @param changes - what this adds to; `undefined` if the caller does not ask for it */
  async #refresh(changes: Changes | undefined, signal: AbortSignal | undefined): Promise<void> {
    const isFirst = this.#listedMs === undefined && this.size === 0;
    // A caller that refreshes once will probably refresh again, so watching pays off.
    if (!isFirst) this.#changed.begin();
    const changedMs = settledChangeMs(this.#store, this.#name);
    if (changedMs !== undefined && changedMs === this.#listedMs) return;
    const held = await this.#index?.load(this.#columns, signal);
    if (isFirst && held !== undefined && held.changedMs === changedMs) {
      this.#listedMs = changedMs;
      const files = held.others.flatMap((file) => this.#foundFile(file));
      return this.#readAll(files, changes, signal);
    }
    await this.#applyAll(await listFiles(this.#store, this.#name, signal), changes, signal);
    this.#listedMs = changedMs;
    await this.#index?.save(this.#columns, changedMs, this.#otherFiles(), signal);
  }

  /** Looks only at these files. */
  async #follow(names: readonly string[], changes: Changes, signal: AbortSignal | undefined): Promise<void> {
    const addresses = new Set(names.flatMap((file) => identityOf(file)?.address ?? []));
    if (addresses.size === 0) return;
    const files = lookAtFiles(this.#store, this.#name, addresses);
    const found = new Set(files.map(({ address }) => address));
    for (const address of addresses) if (!found.has(address)) this.#remove(address, changes);
    await this.#apply(files, changes, signal);
    this.#listedMs = undefined;
    await this.#index?.save(this.#columns, undefined, [], signal);
  }

  /** Reads what is new among all files of the name, and removes the artifacts without a file. */
  async #applyAll(
    { count, batches }: ListedFiles,
    changes: Changes | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const columns = this.#columns;
    const isListed = new Uint8Array(columns.addresses.count);
    const others = new Set<Address>();
    const failures: FoundFile[] = [];
    columns.addresses.reserve(count - columns.size);
    const isKnown = ({ address, stamp }: FoundFile): boolean => {
      const row = columns.rowOf(address);
      if (row === undefined || !isSame(columns.stampOf(row), stamp)) return false;
      isListed[row] = 1;
      return true;
    };
    for await (const batch of batches) {
      const records: FoundFile[] = [];
      for (const file of batch) {
        if (file.kind === "failure") failures.push(file);
        else if (!isKnown(file)) records.push(file);
      }
      await this.#apply(records, changes, signal);
      for (const { address } of records) if (this.#others.has(address)) others.add(address);
    }
    // A note of a failure may outlive the success that followed.
    const isOpen = ({ address }: FoundFile): boolean => {
      const row = columns.rowOf(address);
      return !others.has(address) && (row === undefined || isListed[row] === 0);
    };
    const open = failures.filter(isOpen);
    await this.#apply(open, changes, signal);
    for (const { address } of open) others.add(address);
    for (let row = 0; row < isListed.length; row++)
      if (isListed[row] === 0 && !columns.isGone(row)) this.#remove(columns.addresses.addressOf(row), changes);
    for (const address of [...this.#others.keys()]) if (!others.has(address)) this.#remove(address, changes);
  }

  /** Reads the files that are not known yet, or that were replaced. */
  async #apply(
    files: readonly FoundFile[],
    changes: Changes | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const fresh = files.filter(({ address, kind, stamp }) => !isSame(this.#stampOf(address, kind), stamp));
    for (const { address } of fresh) this.#remove(address, changes);
    await this.#readAll(fresh, changes, signal);
  }

  #stampOf(address: Address, kind: FoundFile["kind"]): FileStamp | undefined {
    const row = kind === "record" ? this.#columns.rowOf(address) : undefined;
    if (row !== undefined) return this.#columns.stampOf(row);
    const other = this.#others.get(address);
    return other?.kind === kind ? other.stamp : undefined;
  }

  #remove(address: Address, changes: Changes | undefined): void {
    const row = this.#columns.rowOf(address);
    if (row === undefined && !this.#others.has(address)) return;
    const entry = changes && this.get(address);
    if (entry !== undefined) changes?.removed.push(entry);
    if (row !== undefined) this.#index?.removed(row);
    this.#columns.remove(address);
    this.#others.delete(address);
  }

  #add({ entry, recipe }: ReadArtifact, { address, kind, stamp }: FoundFile): void {
    const row = recipe === undefined ? undefined : this.#columns.add(entry, recipe, stamp);
    if (row === undefined) this.#others.set(address, { entry, recipe, kind, stamp });
    else this.#index?.added(row);
  }

  /** The names of the objects of {@link #others}. */
  #otherFiles(): string[] {
    return [...this.#others].map(([address, { kind }]) => {
      const path = this.#pathOf({ address, kind });
      return path.slice(path.indexOf("/") + 1);
    });
  }

  /** Reads and adds entries. */
  async #readAll(
    fresh: readonly FoundFile[],
    changes: Changes | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const add = (file: FoundFile, read: ReadArtifact | undefined): void => {
      if (read === undefined) return;
      this.#add(read, file);
      changes?.added.push(file.address);
    };
    if (this.#store.sync === undefined) {
      await mapConcurrently(fresh, async (file) => add(file, await this.#read(file, signal)), {
        concurrency: CONCURRENT_READS,
        signal,
      });
      return;
    }
    const pauseTimer = new PauseTimer(signal);
    for (const file of fresh) {
      if (pauseTimer.isDue()) await pauseTimer.pause();
      add(file, this.#readNow(file) ?? (await this.#read(file, signal)));
    }
  }

  #readNow(file: FoundFile): ReadArtifact | undefined {
    try {
      const bytes = this.#store.sync?.readShared(this.#pathOf(file), MAX_RECORD_BYTES);
      return bytes instanceof Uint8Array ? this.#artifactIn(file, bytes) : undefined;
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  /** One record that cannot be read must not hide all others. */
  async #read(file: FoundFile, signal: AbortSignal | undefined): Promise<ReadArtifact | undefined> {
    try {
      const bytes = await readRecordBytes(this.#store, this.#pathOf(file), { signal });
      return bytes === undefined ? undefined : this.#artifactIn(file, bytes);
    } catch (error) {
      if (error instanceof StoreError) {
        return { entry: unreadable("damaged", this.#name, file.address, error.message) };
      }
      throw error;
    }
  }

  #artifactIn({ address, kind }: FoundFile, bytes: Uint8Array): ReadArtifact | undefined {
    if (kind === "record") return readEntry(bytes, this.#name, address);
    const entry = readFailureEntry(bytes, this.#name, address);
    return entry && { entry };
  }

  #foundFile(file: string): FoundFile[] {
    const identity = identityOf(file);
    const stamp = identity && stampOf(this.#store, this.#pathOf(identity));
    return identity === undefined || stamp === undefined ? [] : [{ ...identity, stamp }];
  }

  #pathOf({ address, kind }: Pick<FoundFile, "address" | "kind">): StorePath {
    return kind === "failure" ? failurePath(this.#name, address) : recordPath(this.#name, address);
  }
}

interface Changes {
  readonly added: Address[];
  readonly removed: CatalogEntry[];
}

interface OtherEntry extends ReadArtifact {
  readonly kind: "record" | "failure";
  readonly stamp: FileStamp;
}

/**
 * Leaves out the artifacts of which only the time of the record has changed: they were just loaded.
 */
function withoutTouched(added: readonly CatalogEntry[], removed: readonly CatalogEntry[]): EntryChanges {
  if (removed.length === 0) return { added, removed };
  const before = new Map(removed.map((entry) => [entry.address, JSON.stringify(entry)]));
  const touched = new Set<Address>();
  for (const entry of added) if (before.get(entry.address) === JSON.stringify(entry)) touched.add(entry.address);
  if (touched.size === 0) return { added, removed };
  const isChange = ({ address }: CatalogEntry): boolean => !touched.has(address);
  return { added: added.filter(isChange), removed: removed.filter(isChange) };
}

function edgesOf({ dependencies }: CatalogEntry): readonly EntryEdge[] {
  return Object.entries(dependencies).map(([role, head]) => ({ role, ...head }));
}

function isSame(one: FileStamp | undefined, other: FileStamp): boolean {
  return one !== undefined && one.sizeBytes === other.sizeBytes && one.modifiedMs === other.modifiedMs;
}
