import type { Address } from "../../address/address.ts";
import type { MissReason } from "../../artifact/explain/miss.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { describeAddress } from "../../util/describe-address.ts";
import { NodeKind, type PlanGraph } from "./plan-graph.ts";

/** One persistable in a plan: a target, or something that a target is made from. */
export interface PlanNode {
  /** Its place in `plan.nodes`. */
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  /**
   * - `"hit"`: the artifact is there.
   * - `"miss"`: it is to be generated, and everything that it is made from is there.
   * - `"blocked"`: it is to be generated, after others that are.
   */
  readonly state: "hit" | "miss" | "blocked";
  /** Whether it was asked for by itself. */
  readonly isTarget: boolean;
  /** Whether a target needs it: upstream of an artifact that is there, nothing is. What nobody needs is neither loaded nor generated. */
  readonly isNeeded: boolean;
  /** Whether it is to be generated even if it is there. */
  readonly isForced: boolean;
  /**
   * Why it is to be generated; worked out when it is first asked for, from up to 256 earlier records of its name. `undefined` for a hit, for what is
   * only forced, and for what nobody needs.
   */
  readonly reason: MissReason | undefined;
  /** What it is made from and is to be generated before it. */
  readonly blockedBy: readonly PlanNode[];
  /** What it is made from. */
  readonly dependencies: readonly PlanNode[];
  /** How long generating it is expected to take, in milliseconds: the median of earlier records of its name. */
  readonly expectedMs: number | undefined;
  /** What generating it is expected to cost, by unit: the mean of earlier records of its name. */
  readonly expectedCost: Readonly<Record<string, number>> | undefined;
  readonly persistable: AnyPersistable;
}

/** What nodes ask of their plan. */
export interface NodeSource {
  readonly graph: PlanGraph;
  readonly nodes: readonly PlanNode[];
  reasonOf(node: number): MissReason | undefined;
  expectedCostOf(node: number): Readonly<Record<string, number>> | undefined;
}

const STATES = ["hit", "miss", "blocked"] as const;

/** A node as a view of the arrays: a number and where to look it up. */
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
    return STATES[this.#source.graph.kinds[this.index] as number] as PlanNode["state"];
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
    return Array.from(
      this.#source.graph.edges.dependenciesOf(this.index),
      (index) => this.#source.nodes[index] as PlanNode,
    );
  }

  get expectedMs(): number | undefined {
    const expectedMs = this.#source.graph.expectedMs[this.index] as number;
    return this.state === "hit" || Number.isNaN(expectedMs) ? undefined : expectedMs;
  }

  get expectedCost(): Readonly<Record<string, number>> | undefined {
    return this.#source.expectedCostOf(this.index);
  }

  get persistable(): AnyPersistable {
    // Hooks are what a persistable is to its own operations.
    return this.#state.hooks as unknown as AnyPersistable;
  }

  /** Short, for `console.log`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.state} ${visibleLine(this.name)} (${describeAddress(this.address)})`;
  }

  /** What JSON.stringify shows. */
  toJSON(): { name: string; address: Address; state: PlanNode["state"] } {
    return { name: this.name, address: this.address, state: this.state };
  }

  get #state(): State {
    return this.#source.graph.states[this.index] as State;
  }
}

/** How many nodes of a plan are what; they add up to all of them. */
export interface PlanCounts {
  readonly hit: number;
  readonly miss: number;
  readonly blocked: number;
  /** Upstream of hits, whatever they are. */
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
