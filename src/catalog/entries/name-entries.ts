import type { Address } from "../../address/address.ts";
import { addressOfFailurePath, addressOfRecordPath, failurePath } from "../../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { StoreError } from "../../errors/store-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import { EntryColumns, type EntryEdge } from "../columns/entry-columns.ts";
import { countMarks, findRows } from "../columns/find-rows.ts";
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
import { listFiles, lookAtFiles, type NameFiles } from "./list-files.ts";
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

/** The artifacts of one name that a query means. */
export interface Selection {
  readonly name: string;
  readonly columns: EntryColumns;
  /** The artifacts in columns, in this order; the newest first without one. */
  rows(order?: readonly SortField[]): Int32Array;
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
    const found = findRows(query, this.#name, columns, nowMs);
    const count = query.terms.every(isName) ? columns.size : countMarks(found);
    const matches = compileQuery(query, nowMs);
    const others = [...this.#others.values()].map(({ entry }) => entry).filter(matches);
    return {
      name: this.#name,
      columns,
      rows: (order = []) => this.#orders.sort(newestFirst(columns.oldestFirst(), found, count), found, order),
      others,
      total: count + others.length,
    };
  }

  /**
   * Reads the artifacts that the store has now.
   *
   * @throws a StoreError where the store cannot be listed; the signal's reason
   */
  load(signal: AbortSignal | undefined): Promise<unknown> {
    return this.#next(() => this.#refresh(signal));
  }

  /**
   * Reads the artifacts that have changed since the last call.
   *
   * @throws like {@link load}
   */
  refresh(signal: AbortSignal | undefined): Promise<EntryChanges> {
    return this.#next(async () => {
      const names = await this.#changed.take();
      const { added, removed } = names === undefined ? await this.#refresh(signal) : await this.#follow(names, signal);
      return withoutTouched(
        added.flatMap((address) => this.get(address) ?? []),
        removed,
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

  async #refresh(signal: AbortSignal | undefined): Promise<Changes> {
    const isFirst = this.#listedMs === undefined && this.#columns.size + this.#others.size === 0;
    // A caller that refreshes once will probably refresh again, so watching pays off.
    if (!isFirst) this.#changed.begin();
    const changedMs = settledChangeMs(this.#store, this.#name);
    if (changedMs !== undefined && changedMs === this.#listedMs) return { added: [], removed: [] };
    const held = await this.#index?.load(this.#columns, signal);
    if (isFirst && held !== undefined && held.changedMs === changedMs) {
      this.#listedMs = changedMs;
      const files = held.others.flatMap((file) => this.#foundFile(file));
      return { added: await this.#readAll(files, signal), removed: [] };
    }
    const files = await listFiles(this.#store, this.#name, signal);
    const changes = await this.#apply(files, this.#addresses(), signal);
    this.#listedMs = changedMs;
    await this.#index?.save(this.#columns, changedMs, this.#otherFiles(), signal);
    return changes;
  }

  /** Looks only at these files. */
  async #follow(names: readonly string[], signal: AbortSignal | undefined): Promise<Changes> {
    const addresses = new Set(names.flatMap((file) => addressOfRecordPath(file) ?? addressOfFailurePath(file) ?? []));
    if (addresses.size === 0) return { added: [], removed: [] };
    const files = lookAtFiles(this.#store, this.#name, addresses);
    const known = [...addresses].filter((address) => this.get(address) !== undefined);
    const changes = await this.#apply(files, known, signal);
    this.#listedMs = undefined;
    await this.#index?.save(this.#columns, undefined, [], signal);
    return changes;
  }

  /** @param known - the artifacts that are removed if they are not among these files */
  async #apply(files: NameFiles, known: Iterable<Address>, signal: AbortSignal | undefined): Promise<Changes> {
    const removed = this.#removeMissing(files, known);
    const fresh: FoundFile[] = [];
    for (const [address, stamp] of files.records) {
      if (isSame(this.#stampOf(address), stamp)) continue;
      fresh.push({ address, kind: "record", stamp });
    }
    for (const [address, stamp] of files.failures) {
      if (isSame(this.#others.get(address)?.stamp, stamp)) continue;
      fresh.push({ address, kind: "failure", stamp });
    }
    for (const { address } of fresh) {
      const earlier = this.get(address);
      if (earlier === undefined) continue;
      this.#remove(address);
      removed.push(earlier);
    }
    return { added: await this.#readAll(fresh, signal), removed };
  }

  #stampOf(address: Address): FileStamp | undefined {
    const row = this.#columns.rowOf(address);
    if (row !== undefined) return this.#columns.stampOf(row);
    const other = this.#others.get(address);
    return other?.kind === "record" ? other.stamp : undefined;
  }

  /** Removes what is not there any more. */
  #removeMissing({ records, failures }: NameFiles, known: Iterable<Address>): CatalogEntry[] {
    const removed: CatalogEntry[] = [];
    const isMissing = (address: Address): boolean =>
      !(this.#others.get(address)?.kind === "failure" ? failures : records).has(address);
    for (const address of [...known].filter(isMissing)) {
      const entry = this.get(address);
      if (entry !== undefined) removed.push(entry);
      this.#remove(address);
    }
    return removed;
  }

  *#addresses(): Generator<Address> {
    for (const row of this.#columns.rows()) yield this.#columns.addresses.addressOf(row);
    yield* this.#others.keys();
  }

  #remove(address: Address): void {
    const row = this.#columns.rowOf(address);
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
  async #readAll(fresh: readonly FoundFile[], signal: AbortSignal | undefined): Promise<readonly Address[]> {
    const added: Address[] = [];
    this.#columns.addresses.reserve(fresh.length);
    const add = (file: FoundFile, read: ReadArtifact | undefined): void => {
      if (read === undefined) return;
      this.#add(read, file);
      added.push(file.address);
    };
    if (this.#store.sync === undefined) {
      await mapConcurrently(fresh, async (file) => add(file, await this.#read(file, signal)), {
        concurrency: CONCURRENT_READS,
        signal,
      });
      return added;
    }
    const pauseTimer = new PauseTimer(signal);
    for (const file of fresh) {
      if (pauseTimer.isDue()) await pauseTimer.pause();
      add(file, this.#readNow(file) ?? (await this.#read(file, signal)));
    }
    return added;
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
    const record = addressOfRecordPath(file);
    const address = record ?? addressOfFailurePath(file);
    if (address === undefined) return [];
    const kind = record === undefined ? "failure" : "record";
    const stamp = stampOf(this.#store, this.#pathOf({ address, kind }));
    return stamp === undefined ? [] : [{ address, kind, stamp }];
  }

  #pathOf({ address, kind }: Pick<FoundFile, "address" | "kind">): StorePath {
    return kind === "failure" ? failurePath(this.#name, address) : recordPath(this.#name, address);
  }
}

interface Changes {
  readonly added: readonly Address[];
  readonly removed: readonly CatalogEntry[];
}

interface FoundFile {
  readonly address: Address;
  readonly kind: "record" | "failure";
  readonly stamp: FileStamp;
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

/** The marked rows. */
function newestFirst(oldestFirst: Int32Array, marks: Uint8Array, count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let place = oldestFirst.length - 1, next = 0; next < count; place--) {
    const row = oldestFirst[place] ?? 0;
    if (marks[row] === 1) rows[next++] = row;
  }
  return rows;
}
