import { facetsOf } from "../../../src/catalog/open/facets.ts";
import type { FindOptions, FoundArtifacts } from "../../../src/catalog/open/open-catalog.ts";
import { onlyEntry } from "../../../src/catalog/open/resolve-artifact.ts";
import { type CatalogLineageOptions, type LineageRoot, walkLineage } from "../../../src/catalog/open/walk-lineage.ts";
import type { CatalogEntry } from "../../../src/catalog/query/catalog-entry.ts";
import { compileQuery } from "../../../src/catalog/query/matches.ts";
import { parseQuery } from "../../../src/catalog/query/parse-query.ts";
import type { Query } from "../../../src/catalog/query/query.ts";
import { sortEntries } from "../../../src/catalog/query/sort-entries.ts";

type QueryLike = string | readonly string[] | Query;

/** The artifacts of a file, with the questions that the answers of the explorer ask a catalogue. */
export class ExportedCatalog {
  readonly url: string;
  readonly #entries: readonly CatalogEntry[];
  readonly #byAddress: ReadonlyMap<string, CatalogEntry>;
  readonly #byName = new Map<string, CatalogEntry[]>();

  constructor(url: string, entries: readonly CatalogEntry[]) {
    this.url = url;
    this.#entries = entries;
    this.#byAddress = new Map(entries.map((entry) => [entry.address, entry]));
    for (const entry of entries) {
      const others = this.#byName.get(entry.name) ?? [];
      this.#byName.set(entry.name, others);
      others.push(entry);
    }
  }

  async names(): Promise<readonly string[]> {
    return [...this.#byName.keys()].sort();
  }

  async find(query: QueryLike, options: FindOptions = {}): Promise<FoundArtifacts> {
    const { sort, offset = 0, limit = Number.POSITIVE_INFINITY } = options;
    const found = this.#select(query);
    const sorted = sort === undefined || limit === 0 ? found : sortEntries(found, sort);
    return { total: found.length, artifacts: sorted.slice(offset, offset + limit) };
  }

  async facets(query: QueryLike, options?: { readonly mostDistinct?: number | undefined }) {
    return facetsOf([{ name: "", rows: new Int32Array(), others: this.#select(query) }], options);
  }

  /** @throws UnresolvedArtifactError if the digits mean no artifact, or several */
  async resolve(digits: string): Promise<CatalogEntry> {
    const found = this.#entries.filter(({ address }) => address.startsWith(digits));
    return onlyEntry(digits, found, "is not the address of an artifact in this file");
  }

  async get(_name: string, address: string): Promise<CatalogEntry | undefined> {
    return this.#byAddress.get(address);
  }

  lineage(roots: readonly LineageRoot[], options: CatalogLineageOptions = {}) {
    const linksOf = (address: string) => {
      const entry = this.#byAddress.get(address);
      return entry && { state: entry.state, madeFrom: edgesOf(entry) };
    };
    const entriesOf = async (name: string) => ({ linksOf, dependentsOf: this.#dependentsIn(name) });
    return walkLineage(roots, () => this.names(), entriesOf, options);
  }

  #dependentsIn(name: string) {
    const entries = this.#byName.get(name) ?? [];
    return function* (addresses: ReadonlySet<string>) {
      for (const entry of entries)
        for (const { role, address } of edgesOf(entry))
          if (addresses.has(address)) yield { address: entry.address, role, of: address };
    };
  }

  #select(query: QueryLike): readonly CatalogEntry[] {
    const parsed = typeof query === "object" && "terms" in query ? query : parseQuery(query);
    return parsed.terms.length === 0 ? this.#entries : this.#entries.filter(compileQuery(parsed, Date.now()));
  }
}

function edgesOf({ dependencies }: CatalogEntry) {
  return Object.entries(dependencies).map(([role, head]) => ({ role, ...head }));
}
