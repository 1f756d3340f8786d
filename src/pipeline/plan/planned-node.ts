import type { Address } from "../../address/address.ts";
import type { MissReason } from "../../artifact/explain/miss.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { itemAt } from "../item-at.ts";
import { nodeToJson, type PlanNodeJson } from "./node-to-json.ts";
import { NodeKind, type PlanGraph } from "./plan-graph.ts";

/** One persistable in a plan: a target, or an upstream persistable of a target. */
export interface PlanNode {
  /** The index in `plan.nodes`. */
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  /**
   * - `"hit"`: the artifact exists.
   * - `"miss"`: it is to be generated, and everything that it is made from exists.
   * - `"blocked"`: it is to be generated after dependencies that are to be generated too.
   */
  readonly state: "hit" | "miss" | "blocked";
  /** Whether it is one of the targets. */
  readonly isTarget: boolean;
  /**
   * Whether a target needs it: upstream of an artifact that exists, nothing is needed. A node that
   * is not needed is neither loaded nor generated.
   */
  readonly isNeeded: boolean;
  /** Whether it is to be generated even if its artifact exists. */
  readonly isForced: boolean;
  /**
   * Why it is to be generated, from all earlier records of its name, or from 256 of a store behind
   * a network. Computed on first access. `undefined` for a hit, for a node that is only forced, and
   * for a node that is not needed.
   */
  readonly reason: MissReason | undefined;
  /** The dependencies that are to be generated before it. */
  readonly blockedBy: readonly PlanNode[];
  readonly dependencies: readonly PlanNode[];
  /**
   * The milliseconds that generating is expected to take: the median of earlier records of its
   * name.
   */
  readonly expectedMs: number | undefined;
  /** The expected cost of generating, by unit: the mean of earlier records of its name. */
  readonly expectedCost: Readonly<Record<string, number>> | undefined;
  readonly persistable: AnyPersistable;
  /** The form for `JSON.stringify`: dependencies by their index, params tagged as in a record. */
  toJSON(): PlanNodeJson;
}

/** The part of a plan that its nodes read. */
export interface NodeSource {
  readonly graph: PlanGraph;
  readonly nodes: readonly PlanNode[];
  reasonOf(node: number): MissReason | undefined;
  expectedCostOf(node: number): Readonly<Record<string, number>> | undefined;
}

/** A view of one node in the arrays of the plan. */
export class PlannedNode implements PlanNode {
  readonly index: number;
  readonly #source: NodeSource;

  constructor(index: number, source: NodeSource) {
    this.index = index;
    this.#source = source;
  }

  get name(): string {
    return this.#state.recipe.name;
  }

  get address(): Address {
    return this.#state.recipe.address;
  }

  get state(): PlanNode["state"] {
    const kind = this.#source.graph.kinds[this.index];
    if (kind === NodeKind.hit) return "hit";
    return kind === NodeKind.miss ? "miss" : "blocked";
  }

  get isTarget(): boolean {
    return this.#source.graph.isTarget[this.index] === 1;
  }

  get isNeeded(): boolean {
    return this.#source.graph.needed[this.index] === 1;
  }

  get isForced(): boolean {
    return this.#source.graph.forced[this.index] === 1;
  }

  get reason(): MissReason | undefined {
    return this.#source.reasonOf(this.index);
  }

  get blockedBy(): readonly PlanNode[] {
    return this.state === "blocked" ? this.dependencies.filter(({ state }) => state !== "hit") : [];
  }

  get dependencies(): readonly PlanNode[] {
    const { graph, nodes } = this.#source;
    return Array.from(graph.edges.dependenciesOf(this.index), (index) => itemAt(nodes, index));
  }

  get expectedMs(): number | undefined {
    const expectedMs = this.#source.graph.expectedMs[this.index] ?? Number.NaN;
    return this.state === "hit" || Number.isNaN(expectedMs) ? undefined : expectedMs;
  }

  get expectedCost(): Readonly<Record<string, number>> | undefined {
    return this.#source.expectedCostOf(this.index);
  }

  get persistable(): AnyPersistable {
    // The hooks are the persistable itself, under the type that its own operations use.
    return this.#state.hooks as unknown as AnyPersistable;
  }

  /** A short form for `console.log`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.state} ${visibleLine(this.name)} (${describeAddress(this.address)})`;
  }

  toJSON(): PlanNodeJson {
    const dependencies = [...this.#source.graph.edges.dependenciesOf(this.index)];
    return nodeToJson(this, this.#state, dependencies);
  }

  get #state(): State {
    return itemAt(this.#source.graph.states, this.index);
  }
}

/** The number of nodes of each kind; together they are all nodes of the plan. */
export interface PlanCounts {
  readonly hit: number;
  readonly miss: number;
  readonly blocked: number;
  /** Nodes upstream of hits, whether their artifacts exist or not. */
  readonly notNeeded: number;
}

export function countNodes({ count, kinds, needed }: PlanGraph): PlanCounts {
  const counts = { hit: 0, miss: 0, blocked: 0, notNeeded: 0 };
  for (let node = 0; node < count; node++) {
    if (needed[node] === 0) counts.notNeeded += 1;
    else if (kinds[node] === NodeKind.hit) counts.hit += 1;
    else if (kinds[node] === NodeKind.miss) counts.miss += 1;
    else counts.blocked += 1;
  }
  return counts;
}
