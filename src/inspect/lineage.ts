import type { Address } from "../address/address.ts";
import type { ArtifactRecord, RecordDependency } from "../record/record.ts";

/** An artifact in a lineage. */
export interface LineageNode {
  readonly address: Address;
  readonly name: string;
  readonly version?: string | number;
  /** Absent for draw 0. */
  readonly draw?: number;
  /** Whether the caller asked for this artifact. */
  readonly isRoot: boolean;
  /**
   * Whether the caller gave its record; otherwise it is only known from the record of a dependent.
   */
  readonly hasRecord: boolean;
}

/** `to` is made from `from`. */
export interface LineageEdge {
  readonly from: Address;
  readonly to: Address;
  /** The name under which `to` uses it. */
  readonly role: string;
}

/** Artifacts, each once, and which of them are made from which. */
export interface Lineage {
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
}

/** How far a lineage goes. */
export interface LineageOptions {
  /** Whether it includes what the roots are made from; true by default. */
  readonly up?: boolean | undefined;
  /**
   * Whether it includes what is made from the roots, as far as `records` tell; false by default.
   */
  readonly down?: boolean | undefined;
  /** How many steps it goes in each direction; without a limit by default. */
  readonly depth?: number | undefined;
  /**
   * Other records, for dependents of the roots and for the parts that a record leaves out of a long
   * lineage.
   */
  readonly records?: Iterable<ArtifactRecord> | undefined;
}

/**
 * Returns the lineage of some artifacts. It reads no store, since a record names everything that
 * its artifact is made from.
 *
 * @example
 * ```ts
 * import { lineage, openArtifact, toMermaid } from "persistable-ts/inspect";
 *
 * const { record } = await openArtifact("example-data", "report/3f9a1c2e");
 * const { nodes, edges } = lineage([record], { depth: 2 });
 * console.log(toMermaid({ nodes, edges }));
 * ```
 */
export function lineage(roots: readonly ArtifactRecord[], options: LineageOptions = {}): Lineage {
  const { up = true, down = false, depth = Number.POSITIVE_INFINITY, records = [] } = options;
  const known = new KnownArtifacts();
  for (const record of roots) known.add(record);
  for (const record of records) known.add(record);
  const asked = new Set(roots.map(({ address }) => address));
  const shown = new Set(asked);
  if (up) walk(asked, depth, (address) => known.dependenciesOf(address), shown);
  if (down) walk(asked, depth, (address) => known.dependentsOf(address), shown);
  const nodes = [...shown].flatMap((address) => known.node(address, asked.has(address)) ?? []);
  return { nodes, edges: known.edges.filter(({ from, to }) => shown.has(from) && shown.has(to)) };
}

/** Each step goes to the neighbors of all addresses of the step before. */
function walk(
  from: ReadonlySet<Address>,
  depth: number,
  neighborsOf: (address: Address) => readonly Address[],
  shown: Set<Address>,
): void {
  const seen = new Set(from);
  let current: readonly Address[] = [...from];
  for (let step = 0; step < depth && current.length > 0; step++) {
    const next: Address[] = [];
    for (const address of current.flatMap(neighborsOf)) {
      if (seen.has(address)) continue;
      seen.add(address);
      shown.add(address);
      next.push(address);
    }
    current = next;
  }
}

/** Collects from records which artifacts are made from which. */
class KnownArtifacts {
  readonly edges: LineageEdge[] = [];
  readonly #heads = new Map<Address, RecordDependency>();
  readonly #recorded = new Set<Address>();
  readonly #expanded = new Set<Address>();
  readonly #up = new Map<Address, Address[]>();
  readonly #down = new Map<Address, Address[]>();

  add(record: ArtifactRecord): void {
    this.#recorded.add(record.address);
    const stack: RecordDependency[] = [record];
    for (let head = stack.pop(); head !== undefined; head = stack.pop()) {
      const { address, dependencies } = head;
      if (!this.#heads.has(address)) this.#heads.set(address, head);
      // A record lists the dependencies of an artifact only once, and leaves them out where it cuts
      // the lineage.
      if (dependencies === undefined || this.#expanded.has(address)) continue;
      this.#expanded.add(address);
      for (const [role, dependency] of Object.entries(dependencies)) {
        this.#connect(dependency.address, address, role);
        stack.push(dependency);
      }
    }
  }

  dependenciesOf(address: Address): readonly Address[] {
    return this.#up.get(address) ?? [];
  }

  dependentsOf(address: Address): readonly Address[] {
    return this.#down.get(address) ?? [];
  }

  node(address: Address, isRoot: boolean): LineageNode | undefined {
    const head = this.#heads.get(address);
    if (head === undefined) return undefined;
    const { name, version, draw } = head;
    return {
      address,
      name,
      ...(version === undefined ? {} : { version }),
      ...(draw === undefined ? {} : { draw }),
      isRoot,
      hasRecord: this.#recorded.has(address),
    };
  }

  #connect(from: Address, to: Address, role: string): void {
    this.edges.push({ from, to, role });
    listIn(this.#up, to).push(from);
    listIn(this.#down, from).push(to);
  }
}

function listIn(lists: Map<Address, Address[]>, address: Address): Address[] {
  const list = lists.get(address) ?? [];
  lists.set(address, list);
  return list;
}
