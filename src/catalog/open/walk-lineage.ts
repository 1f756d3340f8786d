import type { Address } from "../../address/address.ts";
import type { NameEntries } from "../entries/name-entries.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";

/** How far {@link Catalog.lineage} goes. */
export interface CatalogLineageOptions {
  /** How many steps it goes to what the artifacts were made from; all by default. */
  readonly up?: number | undefined;
  /** How many steps it goes to what was made from them; none by default. */
  readonly down?: number | undefined;
  /** When there are this many artifacts, it ends after the step; 200,000 by default. */
  readonly most?: number | undefined;
}

/** An artifact in a {@link CatalogLineage}. */
export interface CatalogLineageNode {
  readonly address: Address;
  readonly name: string;
  /** `missing` for one that others were made from, and that is not there. */
  readonly state: CatalogEntry["state"] | "missing";
  readonly isRoot: boolean;
}

/** Artifacts, each once, and which of them were made from which. */
export interface CatalogLineage {
  readonly nodes: readonly CatalogLineageNode[];
  /** `to` is made from `from`, under the name `role`. */
  readonly edges: readonly { readonly from: Address; readonly to: Address; readonly role: string }[];
  /** Whether it ended early, since there are too many artifacts. */
  readonly isCut: boolean;
}

/** An artifact to begin with. */
export type LineageRoot = Pick<CatalogEntry, "address" | "name">;

/** The artifacts of one name, as far as a lineage needs them. */
type LinkedEntries = Pick<NameEntries, "linksOf" | "dependentsOf">;

const MOST_NODES = 200_000;

/**
 * Follows the dependencies of artifacts step by step. All records are in columns, so that a step
 * down is one look at the columns of dependencies, however many artifacts it begins with.
 */
export async function walkLineage(
  roots: readonly LineageRoot[],
  namesOf: () => Promise<readonly string[]>,
  entriesOf: (name: string) => Promise<LinkedEntries>,
  { up = Number.POSITIVE_INFINITY, down = 0, most = MOST_NODES }: CatalogLineageOptions,
): Promise<CatalogLineage> {
  const walk = new LineageWalk(entriesOf, most);
  let current = await walk.meet(roots, true);
  for (let step = 0; step < up && current.length > 0 && !walk.isFull; step++) current = await walk.stepUp(current);
  const isCutUp = walk.isFull && current.length > 0;
  current = roots;
  const names = down > 0 ? await namesOf() : [];
  for (let step = 0; step < down && current.length > 0 && !walk.isFull; step++)
    current = await walk.stepDown(current, names);
  const isCut = isCutUp || (walk.isFull && down > 0 && current.length > 0);
  return { nodes: [...walk.nodes.values()], edges: [...walk.edges.values()], isCut };
}

class LineageWalk {
  readonly nodes = new Map<Address, CatalogLineageNode>();
  readonly edges = new Map<string, CatalogLineage["edges"][number]>();
  readonly #entriesOf: (name: string) => Promise<LinkedEntries>;
  readonly #known = new Map<string, LinkedEntries>();
  readonly #most: number;

  constructor(entriesOf: (name: string) => Promise<LinkedEntries>, most: number) {
    this.#entriesOf = entriesOf;
    this.#most = most;
  }

  get isFull(): boolean {
    return this.nodes.size >= this.#most;
  }

  /** Adds artifacts, and returns those that are new. */
  async meet(artifacts: Iterable<LineageRoot>, isRoot: boolean): Promise<readonly LineageRoot[]> {
    const fresh: LineageRoot[] = [];
    for (const { name, address } of artifacts) {
      if (this.nodes.has(address)) continue;
      const state = (await this.#entries(name)).linksOf(address)?.state ?? "missing";
      this.nodes.set(address, { address, name, state, isRoot });
      fresh.push({ name, address });
    }
    return fresh;
  }

  async stepUp(from: readonly LineageRoot[]): Promise<readonly LineageRoot[]> {
    const next: LineageRoot[] = [];
    for (const { name, address } of from)
      for (const edge of (await this.#entries(name)).linksOf(address)?.madeFrom ?? []) {
        this.#connect(edge.address, address, edge.role);
        next.push(edge);
      }
    return this.meet(next, false);
  }

  async stepDown(from: readonly LineageRoot[], names: readonly string[]): Promise<readonly LineageRoot[]> {
    const addresses = new Set<string>(from.map(({ address }) => address));
    const next: LineageRoot[] = [];
    for (const name of names)
      for (const { address, role, of } of (await this.#entries(name)).dependentsOf(addresses)) {
        this.#connect(of, address, role);
        next.push({ name, address });
      }
    return this.meet(next, false);
  }

  #connect(from: Address, to: Address, role: string): void {
    this.edges.set(`${from}${to}${role}`, { from, to, role });
  }

  /** Waiting for what is known already would take most of the time of a long walk. */
  async #entries(name: string): Promise<LinkedEntries> {
    const known = this.#known.get(name) ?? (await this.#entriesOf(name));
    this.#known.set(name, known);
    return known;
  }
}
