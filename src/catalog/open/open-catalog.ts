import type { Address } from "../../address/address.ts";
import { artifactFolder } from "../../artifact/layout/record-path.ts";
import { UnresolvedArtifactError } from "../../errors/artifact-errors.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { openStore } from "../../store/open/open-store.ts";
import type { Store } from "../../store/store.ts";
import { at } from "../../util/at.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { type EntryChanges, NameEntries, type NearArtifact, type Selection } from "../entries/name-entries.ts";
import { listNames } from "../list-names.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { namesOf } from "../query/matches.ts";
import { parseQuery } from "../query/parse-query.ts";
import type { Query } from "../query/query.ts";
import { parseSort, sortEntries } from "../query/sort-entries.ts";
import { parseTag, tagPath } from "../tag-file.ts";
import type { Facet, FacetOptions } from "./facet.ts";
import { facetsOf } from "./facets.ts";
import { onlyEntry, parseArtifactText } from "./resolve-artifact.ts";
import { selectColumns } from "./select-columns.ts";
import { type SortedEntries, takeWindow } from "./take-window.ts";
import { type NameUsage, usageOf } from "./usage.ts";
import { waitForChange } from "./wait-for-change.ts";
import { type CatalogLineage, type CatalogLineageOptions, type LineageRoot, walkLineage } from "./walk-lineage.ts";

/** Details for {@link openCatalog}. */
export interface CatalogOptions {
  /** An abort of this signal ends everything that the catalogue does. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether what was read is kept in the store, so that the next catalogue need not read it again.
   * By default it is kept for names with at least 100 artifacts, if the store can be written.
   */
  readonly index?: boolean | undefined;
}

/** Says which of the artifacts {@link Catalog.find} returns, and in which order. */
export interface FindOptions {
  /**
   * The fields to sort by, the most important one first: `"zThreshold"` puts the smallest value
   * first, `"-created"` the greatest. By default, the newest artifact comes first.
   */
  readonly sort?: string | readonly string[] | undefined;
  /** How many artifacts are returned at most; all by default. */
  readonly limit?: number | undefined;
  /** How many of the first artifacts are left out; 0 by default. */
  readonly offset?: number | undefined;
  /**
   * The params, summaries and costs that entries keep: `["zThreshold", "summary.k"]`. All by
   * default.
   */
  readonly columns?: readonly string[] | undefined;
}

/** Details for {@link Catalog.watch}. */
export interface WatchOptions {
  /** Ends the watching. None by default. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How often a store that cannot be watched is asked for changes, and any store for new names, in
   * milliseconds; 5,000 by default.
   */
  readonly pollMs?: number | undefined;
}

/** The artifacts that {@link Catalog.find} found. */
export interface FoundArtifacts {
  /** How many there are without a limit. */
  readonly total: number;
  readonly artifacts: readonly CatalogEntry[];
}

/**
 * A view of everything that a data directory holds. The artifacts of a name are read when a caller
 * first asks for them; later changes are seen after {@link Catalog.refresh}. Nothing is generated,
 * and no artifact is written, moved or removed.
 */
export interface Catalog {
  /** The URL of the store that the catalogue reads. */
  readonly url: string;
  /** The names of everything that has an artifact, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /**
   * The artifacts that a query means: a text, a list of terms, or a query of `parseQuery` or
   * `where`. Failures and damaged records are among them, with their `state`.
   *
   * @throws {@link InvalidQueryError}, a StoreError, the signal's reason
   */
  find(query: string | readonly string[] | Query, options?: FindOptions): Promise<FoundArtifacts>;
  /**
   * The one artifact that a text means: an address or its first digits, at least four, alone or
   * after a name and a slash; `name@latest`; `name@paper`, where `paper` is its tag;
   * `name{zThreshold=2,points.n=100}`.
   *
   * @throws {@link UnresolvedArtifactError} with the candidates if it means none or several
   */
  resolve(text: string): Promise<CatalogEntry>;
  /** The artifact of this name with this address; `undefined` if there is none. */
  get(name: string, address: Address): Promise<CatalogEntry | undefined>;
  /**
   * The values of each field among the artifacts that a query means, with how many artifacts have
   * them: what a page shows beside a table.
   */
  facets(query: string | readonly string[] | Query, options?: FacetOptions): Promise<readonly Facet[]>;
  /**
   * Finds the artifacts that were made directly from an artifact, even if that artifact is gone.
   */
  dependents(address: Address): Promise<readonly CatalogEntry[]>;
  /**
   * The lineage of artifacts: what they were made from, and what was made from them, as far as the
   * options say. It reads no record, so that a lineage of 100,000 artifacts is ready at once.
   */
  lineage(
    roots: readonly Pick<CatalogEntry, "name" | "address">[],
    options?: CatalogLineageOptions,
  ): Promise<CatalogLineage>;
  /**
   * The artifacts of the same name whose recipes differ least from that of a record, the nearest
   * first. All of them are compared.
   */
  nearest(recipe: ArtifactRecord, count: number): Promise<readonly NearArtifact[]>;
  /**
   * How many bytes each name takes in the store, and how many belong to no name. It visits every
   * object.
   */
  usage(): Promise<readonly NameUsage[]>;
  /**
   * Yields the changes from now on in all names, new ones included, until the signal is aborted or
   * the catalogue is closed. Changes in a store that can be watched come at once; any other store
   * is asked every `pollMs`, 5,000 by default.
   */
  watch(options?: WatchOptions): AsyncIterable<EntryChanges>;
  /** Reads the changes in the names that a caller has asked for so far, and returns them. */
  refresh(): Promise<EntryChanges>;
  /** Ends what is still under way. A catalogue that was closed refuses every call. */
  close(): Promise<void>;
}

/**
 * Open the catalogue of a data directory: it finds artifacts by their params, without their
 * definitions.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 *
 * @example
 * ```ts
 * import { openCatalog } from "persistable-ts/catalog";
 *
 * const catalog = openCatalog("example-data");
 * const { total, artifacts } = await catalog.find("estimator zThreshold>1 created>-2d", { limit: 10 });
 * const newest = await catalog.resolve("estimator@latest");
 * await catalog.close();
 * ```
 */
export function openCatalog(dataDir: string | URL | Store, options: CatalogOptions = {}): Catalog {
  return new StoreCatalog(openStore(dataDir), options);
}

const POLL_MS = 5000;

class StoreCatalog implements Catalog {
  readonly #store: Store;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #hasIndex: boolean;
  readonly #known = new Map<string, Promise<NameEntries>>();

  constructor(store: Store, { signal, index = true }: CatalogOptions) {
    this.#store = store;
    this.#hasIndex = index;
    this.#signal = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  get url(): string {
    return this.#store.url;
  }

  async names(): Promise<readonly string[]> {
    return (await collected(listNames(this.#store, { signal: this.#signal }))).sort();
  }

  async find(query: string | readonly string[] | Query, options: FindOptions = {}): Promise<FoundArtifacts> {
    const { sort = [], offset = 0, limit = Number.POSITIVE_INFINITY, columns } = options;
    const selections = await this.#select(query);
    const lists = limit === 0 ? [] : selections.flatMap((selection) => sortedLists(selection, sort));
    const artifacts = takeWindow(lists, parseSort(sort), offset, limit);
    return {
      total: selections.reduce((sum, selection) => sum + selection.total, 0),
      artifacts: columns === undefined ? artifacts : artifacts.map((entry) => selectColumns(entry, columns)),
    };
  }

  async resolve(text: string): Promise<CatalogEntry> {
    const meant = parseArtifactText(text);
    if (meant.kind === "address") return this.#resolveAddress(text, meant.digits, meant.name);
    await this.#assertName(text, meant.name);
    if (meant.kind === "latest") {
      const [latest] = (await this.find(["state=present", nameTerm(meant.name)], { limit: 1 })).artifacts;
      return latest ?? onlyEntry(text, [], `has no artifact in ${this.#store.url}`);
    }
    if (meant.kind === "tag") return this.#resolveTag(text, meant.name, meant.tag);
    const { artifacts } = await this.find([nameTerm(meant.name), ...meant.terms]);
    const present = artifacts.filter(({ state }) => state === "present");
    return onlyEntry(text, present.length > 0 ? present : artifacts, "fits no artifact of that name");
  }

  async get(name: string, address: Address): Promise<CatalogEntry | undefined> {
    return (await this.#entriesOf(name)).get(address);
  }

  async facets(query: string | readonly string[] | Query, options?: FacetOptions): Promise<readonly Facet[]> {
    const groups = (await this.#select(query)).map((selection) => ({ ...selection, rows: selection.rows().toArray() }));
    return facetsOf(groups, options);
  }

  async dependents(address: Address): Promise<readonly CatalogEntry[]> {
    return (await this.find([`from=${address}`, "state=present"])).artifacts;
  }

  lineage(roots: readonly LineageRoot[], options: CatalogLineageOptions = {}): Promise<CatalogLineage> {
    return walkLineage(
      roots,
      () => this.names(),
      (name) => this.#entriesOf(name),
      options,
    );
  }

  async nearest(recipe: ArtifactRecord, count: number): Promise<readonly NearArtifact[]> {
    return (await this.#entriesOf(recipe.name)).nearest(recipe, count);
  }

  async usage(): Promise<readonly NameUsage[]> {
    return usageOf(this.#store, await this.names(), this.#signal);
  }

  async *watch({ signal, pollMs = POLL_MS }: WatchOptions = {}): AsyncGenerator<EntryChanges> {
    const ends = signal === undefined ? this.#signal : AbortSignal.any([signal, this.#signal]);
    for (const name of await this.names()) await this.#entriesOf(name);
    while (!ends.aborted) {
      await waitForChange(this.#store, [...this.#known.keys()].map(artifactFolder), pollMs, ends);
      if (ends.aborted) return;
      const { added, removed } = await this.refresh();
      for (const name of await this.names())
        if (!this.#known.has(name)) added.push(...(await this.#entriesOf(name)).all());
      if (added.length > 0 || removed.length > 0) yield { added, removed };
    }
  }

  async refresh(): Promise<{ added: CatalogEntry[]; removed: CatalogEntry[] }> {
    const added: CatalogEntry[] = [];
    const removed: CatalogEntry[] = [];
    for (const entries of await Promise.all(this.#known.values())) {
      const changes = await entries.refresh(this.#signal);
      added.push(...changes.added);
      removed.push(...changes.removed);
    }
    return { added, removed };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("The catalogue was closed."));
    for (const loaded of await Promise.allSettled(this.#known.values()))
      if (loaded.status === "fulfilled") loaded.value.close();
    this.#known.clear();
  }

  async #select(text: string | readonly string[] | Query): Promise<readonly Selection[]> {
    const query = typeof text === "object" && "terms" in text ? text : parseQuery(text);
    const nowMs = Date.now();
    const found: NameEntries[] = [];
    for (const name of namesOf(query) ?? (await this.names())) found.push(await this.#entriesOf(name));
    // Nothing changes between this and the end of the caller, which does not wait for anything.
    return found.map((entries) => entries.select(query, nowMs));
  }

  #entriesOf(name: string): Promise<NameEntries> {
    this.#signal.throwIfAborted();
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const loading = this.#load(name);
    this.#known.set(name, loading);
    // After a failure, the next caller tries again.
    loading.catch(() => this.#known.delete(name));
    return loading;
  }

  async #load(name: string): Promise<NameEntries> {
    const entries = new NameEntries(this.#store, name, this.#hasIndex);
    await entries.load(this.#signal);
    return entries;
  }

  async #resolveAddress(text: string, digits: string, name: string | undefined): Promise<CatalogEntry> {
    if (name !== undefined) await this.#assertName(text, name);
    const found: CatalogEntry[] = [];
    for (const each of name === undefined ? await this.names() : [name]) {
      const entries = await this.#entriesOf(each);
      found.push(...entries.startingWith(digits));
    }
    return onlyEntry(text, found, `is not the address of an artifact in ${this.#store.url}`);
  }

  async #resolveTag(text: string, name: string, tag: string): Promise<CatalogEntry> {
    const bytes = await this.#store.read(tagPath(name, tag), { signal: this.#signal });
    const found = bytes && parseTag(bytes);
    if (found === undefined || found.name !== name || found.tag !== tag)
      return onlyEntry(text, [], `has a tag that no artifact of that name has: ${name}@latest is the newest one`);
    const entry = (await this.#entriesOf(name)).get(found.address);
    return entry ?? onlyEntry(text, [], `is the tag of ${found.address}, which is not in ${this.#store.url}`);
  }

  async #assertName(text: string, name: string): Promise<void> {
    // Listing all names takes longer than finding an artifact of a name that was read.
    if (((await this.#known.get(name))?.size ?? 0) > 0) return;
    const names = await this.names();
    if (names.includes(name)) return;
    const some = names.length === 0 ? "it has none" : `it has ${names.slice(0, 10).join(", ")}`;
    throw new UnresolvedArtifactError(text, `has a name that ${this.#store.url} does not know; ${some}`);
  }
}

/** The artifacts of one name as sorted lists: those in columns, and all others. */
function sortedLists(selection: Selection, sort: string | readonly string[]): readonly SortedEntries[] {
  const { columns } = selection;
  const rows = selection.rows(parseSort(sort));
  const others = sortEntries(selection.others, sort);
  return [
    { count: rows.count, at: (place) => columns.entryOf(rows.at(place)) },
    { count: others.length, at: (place) => at(others, place) },
  ];
}

function nameTerm(name: string): string {
  return `name=${JSON.stringify(name)}`;
}
