import type { RecipeNode } from "../../address/recipe-node.ts";
import { compareOwnParts, compareRecipes } from "../../artifact/explain/compare-recipes.ts";
import { describeChange, type RecipeChange } from "../../artifact/explain/miss.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import type { EarlierRecords } from "./earlier-records.ts";
import { missesOf } from "./estimate.ts";
import { NodeKind } from "./plan-graph.ts";
import type { NodeSource, PlanNode } from "./planned-node.ts";

/**
 * What misses go back to: a change of one part of one kind of persistable, and everything that is made from it. A miss that goes back to
 * several changes counts for each.
 */
export interface MissCause {
  /** What changed; `"never-generated"` where there is nothing of that name to compare with, `"forced"` where it is there and is to be generated all the same. */
  readonly what: RecipeChange["what"] | "never-generated" | "forced";
  /** The name of the persistable that changed, which may be upstream of the misses. */
  readonly name: string;
  /** The parameter's key; for a dependency its role. */
  readonly key?: string;
  /** What was asked for, and what the nearest artifacts have. */
  readonly values: readonly CauseValue[];
  /** How many misses go back to it. */
  readonly count: number;
  readonly nodes: readonly PlanNode[];
}

/** One of the changes of a cause. */
export interface CauseValue {
  /** What was asked for; absent where there is nothing of that key. */
  readonly value?: unknown;
  /** What the nearest artifact has; absent where it has nothing of that key. */
  readonly nearestValue?: unknown;
}

/** Enough for people; one who made something from ten thousand parts does not read ten thousand causes. */
const MAX_CAUSES_PER_NODE = 64;

/** One pass in topological order: what is made from a miss goes back to what that goes back to. */
export function findCauses(
  source: NodeSource,
  existing: readonly boolean[],
  earlier: EarlierRecords,
): readonly MissCause[] {
  const ledger = new CauseLedger();
  const { states } = source.graph;
  const causesOf: (readonly number[] | undefined)[] = [];
  const upstream = new UpstreamCauses(source, causesOf, ledger);
  for (const node of missesOf(source.graph)) {
    const state = states[node] as State;
    const own =
      existing[node] === true
        ? [ledger.causeOf("forced", state.recipe.name)]
        : changedSince(node, state, earlier, ledger, upstream);
    const found = own.length > 0 ? own : [ledger.causeOf("never-generated", state.recipe.name)];
    causesOf[node] = found;
    for (const cause of found) ledger.count(cause, node);
  }
  return ledger.causes(source);
}

function changedSince(
  node: number,
  state: State,
  earlier: EarlierRecords,
  ledger: CauseLedger,
  upstream: UpstreamCauses,
): readonly number[] {
  const [nearest] = earlier.shelfOf(state)?.nearest(state.recipe, 1) ?? [];
  if (nearest === undefined) return [];
  const own = compareOwnParts(state.recipe, nearest).map((change) => ledger.changeOf(change, state.recipe));
  const inherited = upstream.of(node, state, nearest);
  return own.length === 0 ? inherited : union([own, inherited]);
}

/** What a node goes back to by way of its dependencies. */
class UpstreamCauses {
  readonly #source: NodeSource;
  readonly #causesOf: readonly (readonly number[] | undefined)[];
  readonly #ledger: CauseLedger;
  /** A dependency that is there, and the other one that the nearest artifact was made from. */
  readonly #compared = new Map<string, readonly number[]>();

  constructor(source: NodeSource, causesOf: readonly (readonly number[] | undefined)[], ledger: CauseLedger) {
    this.#source = source;
    this.#causesOf = causesOf;
    this.#ledger = ledger;
  }

  of(node: number, state: State, nearest: ArtifactRecord): readonly number[] {
    const lists: (readonly number[])[] = [];
    const nodes = this.#dependencyNodes(node);
    for (const role of new Set([...Object.keys(state.recipe.dependencies), ...Object.keys(nearest.dependencies)])) {
      const mine = state.recipe.dependencies[role];
      const theirs = nearest.dependencies[role]?.address;
      if (mine?.address === theirs) continue;
      const causes = mine === undefined ? undefined : this.#causesOf[nodes.get(mine.address) ?? -1];
      if (causes?.every((cause) => this.#ledger.isChange(cause))) {
        lists.push(causes);
        continue;
      }
      const pair = `${state.recipe.name} ${role} ${mine?.address} ${theirs}`;
      const compared = this.#compared.get(pair) ?? this.#compare(state.recipe, nearest, role);
      this.#compared.set(pair, compared);
      lists.push(compared);
    }
    return union(lists);
  }

  #compare(node: RecipeNode, nearest: ArtifactRecord, role: string): readonly number[] {
    const causes: number[] = [];
    for (const change of compareRecipes(node, nearest)) {
      const [first = change.what === "dependency" ? change.key : undefined] = change.roles;
      if (first !== role) continue;
      let changed = node;
      for (const step of change.roles) changed = changed.dependencies[step] ?? changed;
      causes.push(this.#ledger.changeOf(change, changed));
    }
    return causes;
  }

  #dependencyNodes(node: number): Map<string, number> {
    const { edges, states, kinds } = this.#source.graph;
    const nodes = new Map<string, number>();
    for (const index of edges.dependenciesOf(node)) {
      if (kinds[index] !== NodeKind.hit) nodes.set((states[index] as State).recipe.address, index);
    }
    return nodes;
  }
}

function union(lists: readonly (readonly number[])[]): readonly number[] {
  const [first = [], ...others] = lists;
  if (others.every((list) => list === first)) return first;
  return [...new Set(lists.flat())].slice(0, MAX_CAUSES_PER_NODE);
}

interface Entry {
  readonly what: MissCause["what"];
  readonly name: string;
  readonly key: string | undefined;
  /** By what is said of them. */
  readonly values: Map<string, CauseValue>;
  readonly nodes: number[];
}

/** Every cause once, by a number. */
class CauseLedger {
  readonly #entries: Entry[] = [];
  readonly #numbers = new Map<string, number>();

  causeOf(what: MissCause["what"], name: string, key?: string): number {
    const id = `${what} ${name} ${key ?? ""}`;
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#entries.length);
    return this.#entries.push({ what, name, key, values: new Map(), nodes: [] }) - 1;
  }

  changeOf(change: RecipeChange, changed: RecipeNode): number {
    const cause = this.causeOf(change.what, changed.name, change.key);
    const { values } = this.#entries[cause] as Entry;
    const { value, nearestValue } = change;
    const text = describeChange({ ...change, roles: [] });
    if (!values.has(text))
      values.set(text, {
        ...("value" in change ? { value } : {}),
        ...("nearestValue" in change ? { nearestValue } : {}),
      });
    return cause;
  }

  /** Whether something changed: that there was never anything says nothing of why what is made from it differs. */
  isChange(cause: number): boolean {
    const what = this.#entries[cause]?.what;
    return what !== "never-generated" && what !== "forced";
  }

  count(cause: number, node: number): void {
    this.#entries[cause]?.nodes.push(node);
  }

  /** What most go back to first. */
  causes(source: NodeSource): readonly MissCause[] {
    return this.#entries
      .filter(({ nodes }) => nodes.length > 0)
      .sort((one, other) => other.nodes.length - one.nodes.length)
      .map((entry) => new LedgerCause(entry, source));
  }
}

class LedgerCause implements MissCause {
  readonly what: MissCause["what"];
  readonly name: string;
  declare readonly key?: string;
  readonly values: readonly CauseValue[];
  readonly count: number;
  readonly #nodes: readonly number[];
  readonly #source: NodeSource;

  constructor({ what, name, key, values, nodes }: Entry, source: NodeSource) {
    this.what = what;
    this.name = name;
    if (key !== undefined) this.key = key;
    this.values = [...values.values()];
    this.count = nodes.length;
    this.#nodes = nodes;
    this.#source = source;
  }

  /** Looked up when they are asked for. */
  get nodes(): readonly PlanNode[] {
    return this.#nodes.map((index) => this.#source.nodes[index] as PlanNode);
  }
}
