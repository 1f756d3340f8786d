import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { Graph } from "../graph.ts";

/**
 * The nodes of a plan as arrays: 100,000 objects would take too much memory. A node is an address
 * in a store, and comes after everything that it is made from.
 */
export interface PlanGraph {
  readonly count: number;
  /** One persistable for each node: the first one that the walk met. */
  readonly states: readonly State[];
  /** The dependencies of each node. */
  readonly edges: Graph;
  /** For each node one of {@link NodeKind}. */
  readonly kinds: Uint8Array;
  /** 1 if a target needs the node: upstream of an artifact that exists, nothing is needed. */
  readonly needed: Uint8Array;
  /** 1 if the node is a target. */
  readonly isTarget: Uint8Array;
  /** 1 if the node is to be generated even if its artifact exists. */
  readonly forced: Uint8Array;
  /** How many milliseconds generating the node is expected to take; NaN if that is not known. */
  readonly expectedMs: Float64Array;
  /** The policy with which the plan was made, for the run that carries it out. */
  readonly onSourceChange: SourceChangePolicy | undefined;
}

/** The values of `kinds`, explained at `PlanNode.state`. */
export const NodeKind = { hit: 0, miss: 1, blocked: 2 } as const;

/** The nodes that are to be generated, dependencies first. */
export function* missesOf({ states, needed, kinds }: PlanGraph): Iterable<[node: number, state: State]> {
  for (const [node, state] of states.entries())
    if (needed[node] === 1 && kinds[node] !== NodeKind.hit) yield [node, state];
}

/** A plan has its graph under this key, for the runner. */
export const planGraphKey: unique symbol = Symbol("plan graph");

/** One persistable or many, to be planned and run. A sweep is many. */
export type Targets = AnyPersistable | Iterable<AnyPersistable>;
