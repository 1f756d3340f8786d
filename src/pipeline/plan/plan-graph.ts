import type { State } from "../../persistable/declare/state.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { Graph } from "../graph.ts";

/**
 * What a plan knows, node by node, in arrays: 100,000 nodes are no objects. A node is an address in a store; it stands after everything that it is made from.
 */
export interface PlanGraph {
  readonly count: number;
  /** One persistable for each node: the first one that was met. */
  readonly states: readonly State[];
  /** Which nodes are made from which. */
  readonly edges: Graph;
  /** For each node one of {@link NodeKind}. */
  readonly kinds: Uint8Array;
  /** 1 where a target needs it: upstream of an artifact that is there, nothing is needed. */
  readonly needed: Uint8Array;
  /** 1 where it was asked for by itself. */
  readonly isTarget: Uint8Array;
  /** 1 where it is to be generated even if it is there. */
  readonly forced: Uint8Array;
  /** How long generating it is expected to take, in milliseconds; NaN where nothing is known. */
  readonly expectedMs: Float64Array;
}

/** What is known of one node. */
export const NodeKind = { hit: 0, miss: 1, blocked: 2 } as const;

/** Where a plan keeps its graph; for the runner. */
export const planGraphKey: unique symbol = Symbol("plan graph");

/** What may be planned and run: one persistable, or many. A sweep is many. */
export type Targets = AnyPersistable | Iterable<AnyPersistable>;
