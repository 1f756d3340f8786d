import type { RecipeNode } from "../../address/recipe-node.ts";
import { compareOwnParts, compareRecipes } from "../../artifact/explain/compare-recipes.ts";
import { describeChange, type RecipeChange } from "../../artifact/explain/miss.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { itemAt } from "../item-at.ts";
import type { EarlierRecords } from "./earlier-records.ts";
import { changeToJson } from "./node-to-json.ts";
import { missesOf, NodeKind } from "./plan-graph.ts";

import type { NodeSource, PlanNode } from "./planned-node.ts";

/**
 * Why several nodes are misses: one part of one kind of persistable has changed, and with it the
 * address of everything made from it. A miss with several such changes counts for each.
 */
export interface MissCause {
  /**
   * The kind of change. `"never-generated"`: no artifact of that name exists to compare with.
   * `"forced"`: the artifact exists and is to be generated again all the same. `"unreachable"`: a
   * store that may have it does not answer.
   */
  readonly what: RecipeChange["what"] | "never-generated" | "forced" | "unreachable";
  /** The name of the persistable that changed, which may be upstream of the misses. */
  readonly name: string;
  /** The parameter's key; for a dependency its role. */
  readonly key?: string;
  /** The values that the misses have, and those of the nearest artifacts. */
  readonly values: readonly CauseValue[];
  /** The number of misses that it causes. */
  readonly count: number;
  readonly nodes: readonly PlanNode[];
  /** The form for `JSON.stringify`: the nodes by their index, the values tagged as in a record. */
  toJSON(): MissCauseJson;
}

/** The form for `JSON.stringify`, with values tagged as in a record. */
export interface MissCauseJson extends Omit<MissCause, "nodes" | "toJSON"> {
  /** The indices of the misses. */
  readonly nodes: readonly number[];
}

/** One change of a cause. */
export interface CauseValue {
  /** The value of the miss; absent if it has nothing under that key. */
  readonly value?: unknown;
  /** The value of the nearest artifact; absent if it has nothing under that key. */
  readonly nearestValue?: unknown;
}

/** A payload made from ten thousand parts may have ten thousand causes, which no person reads. */
const MAX_CAUSES_PER_NODE = 64;

/** Goes through the misses in topological order: a node inherits the causes of its dependencies. */
export function findCauses(
  source: NodeSource,
  existing: readonly boolean[],
  earlier: EarlierRecords,
): readonly MissCause[] {
  const ledger = new CauseLedger();
  const causesOf: (readonly number[] | undefined)[] = [];
  const upstream = new UpstreamCauses(source, causesOf, ledger);
  for (const [node, state] of missesOf(source.graph)) {
    const unchanged = existing[node] === true ? "forced" : earlier.isUnreachable(state) ? "unreachable" : undefined;
    const own = unchanged === undefined ? changedSince(node, state, earlier, ledger, upstream) : [];
    const found = own.length > 0 ? own : [ledger.causeOf(unchanged ?? "never-generated", state.recipe.name)];
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
  const [nearest] = earlier.nearestTo(state).records;
  if (nearest === undefined) return [];
  const own = compareOwnParts(state.recipe, nearest).map((change) => ledger.changeOf(change, state.recipe, state));
  const inherited = upstream.of(node, state, nearest);
  return own.length === 0 ? inherited : union([own, inherited]);
}

/** The causes that a node inherits from its dependencies. */
class UpstreamCauses {
  readonly #source: NodeSource;
  readonly #causesOf: readonly (readonly number[] | undefined)[];
  readonly #ledger: CauseLedger;
  /**
   * By name, role, the dependency that exists, and the one that the nearest artifact was made from.
   */
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
      const compared = this.#compared.get(pair) ?? this.#compare(state, nearest, role);
      this.#compared.set(pair, compared);
      lists.push(compared);
    }
    return union(lists);
  }

  #compare(state: State, nearest: ArtifactRecord, role: string): readonly number[] {
    const causes: number[] = [];
    for (const change of compareRecipes(state.recipe, nearest)) {
      const [first = change.what === "dependency" ? change.key : undefined] = change.roles;
      if (first !== role) continue;
      let changed = state.recipe;
      for (const step of change.roles) changed = changed.dependencies[step] ?? changed;
      causes.push(this.#ledger.changeOf(change, changed, state));
    }
    return causes;
  }

  #dependencyNodes(node: number): Map<string, number> {
    const { edges, states, kinds } = this.#source.graph;
    const nodes = new Map<string, number>();
    for (const index of edges.dependenciesOf(node)) {
      if (kinds[index] !== NodeKind.hit) nodes.set(itemAt(states, index).recipe.address, index);
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
  /** By their description. */
  readonly values: Map<string, FoundValue>;
  readonly nodes: number[];
}

interface FoundValue {
  readonly value: CauseValue;
  /** The recipe that was changed, with the codecs of its values. */
  readonly changed: RecipeNode;
  /** The miss in which the change was found. */
  readonly state: State;
}

/** Gives every cause a number. */
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

  changeOf(change: RecipeChange, changed: RecipeNode, state: State): number {
    const cause = this.causeOf(change.what, changed.name, change.key);
    const { values } = itemAt(this.#entries, cause);
    const { value, nearestValue } = change;
    const text = describeChange({ ...change, roles: [] });
    if (!values.has(text))
      values.set(text, {
        value: {
          ...("value" in change ? { value } : {}),
          ...("nearestValue" in change ? { nearestValue } : {}),
        },
        changed,
        state,
      });
    return cause;
  }

  /**
   * Whether the cause is a change. A dependency that was never generated does not explain why its
   * dependent differs from the nearest artifact.
   */
  isChange(cause: number): boolean {
    const what = this.#entries[cause]?.what;
    return what !== "never-generated" && what !== "forced" && what !== "unreachable";
  }

  count(cause: number, node: number): void {
    this.#entries[cause]?.nodes.push(node);
  }

  /** The causes of most misses come first. */
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
  readonly #found: readonly FoundValue[];
  readonly #nodes: readonly number[];
  readonly #source: NodeSource;

  constructor({ what, name, key, values, nodes }: Entry, source: NodeSource) {
    this.what = what;
    this.name = name;
    if (key !== undefined) this.key = key;
    this.#found = [...values.values()];
    this.values = this.#found.map(({ value }) => value);
    this.count = nodes.length;
    this.#nodes = nodes;
    this.#source = source;
  }

  get nodes(): readonly PlanNode[] {
    return this.#nodes.map((index) => itemAt(this.#source.nodes, index));
  }

  toJSON(): MissCauseJson {
    const { what, name, key, count } = this;
    const values = this.#found.map(({ value, changed, state }) => changeToJson(value, changed, state));
    return { what, name, ...(key === undefined ? {} : { key }), values, count, nodes: this.#nodes };
  }
}
