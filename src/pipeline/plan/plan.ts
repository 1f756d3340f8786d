import type { MissReason } from "../../artifact/explain/miss.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { Breather } from "../yield-turns.ts";
import { buildGraph } from "./build-graph.ts";
import { describePlan } from "./describe-plan.ts";
import { EarlierRecords } from "./earlier-records.ts";
import { type Expectation, expect } from "./estimate.ts";
import { ExistenceCheck } from "./existence-check.ts";
import { findCauses, type MissCause } from "./miss-causes.ts";
import { NodeKind, type PlanGraph, planGraphKey, type Targets } from "./plan-graph.ts";
import { countNodes, type NodeSource, type PlanCounts, type PlanNode, PlannedNode } from "./planned-node.ts";
import { sumPayloadBytes } from "./sum-payload-bytes.ts";
import { walkTargets } from "./walk-targets.ts";

/** How a plan is made. */
export interface PlanOptions {
  /** Aborts the planning. */
  readonly signal?: AbortSignal | undefined;
  /** These are to be generated even if they are there, also where no target needs them. */
  readonly force?: Iterable<AnyPersistable> | undefined;
}

/** What targets need: what is there, what is to be generated and why, and what that is expected to take. */
export interface Plan {
  readonly targets: readonly AnyPersistable[];
  /** The targets and everything that they are made from, each address once, dependencies first. */
  readonly nodes: readonly PlanNode[];
  readonly counts: PlanCounts;
  /** What the misses go back to, what most go back to first; worked out when it is first asked for. */
  readonly causes: readonly MissCause[];
  readonly expected: Expectation;
  /**
   * The size of the payloads that are there and that a target needs, in bytes. Reads their records.
   *
   * @throws a StoreError
   */
  bytesOnHand(): Promise<number>;
  /** For people: counts, causes, what is expected, and the first misses with their reasons. */
  toString(): string;
  /** @internal */
  readonly [planGraphKey]: PlanGraph;
}

/**
 * What would have to be generated for these targets, and why. Looks at addresses and at which records exist: no payload is loaded, nothing is generated.
 * Earlier records are read, up to 256 of each name that has something to generate: for the reasons, and for what generating is expected to take.
 *
 * A hit is a record that is there. Whether it is whole is found out when it is loaded: a damaged artifact is generated anew then.
 *
 * @throws {@link DefinitionError} for what is no persistable; a StoreError where a store cannot tell what is there; the signal's reason
 *
 * @example
 * ```ts
 * const planned = await plan(sweep(outlierEstimator, { zThreshold: [1, 2, 3], points: { n: 1000 } }));
 * console.log(String(planned));           // 3 misses follow from zThreshold of outlier_estimator: …
 * console.log(planned.counts.miss, planned.expected.durationMs);
 * await run(planned);
 * ```
 */
export async function plan(targets: Targets, options: PlanOptions = {}): Promise<Plan> {
  const { signal, force = [] } = options;
  const breather = new Breather(signal);
  const check = new ExistenceCheck(signal);
  const walked = await walkTargets(targets, force, breather, check);
  await check.settle();
  const graph = buildGraph(walked, check.found);
  const earlier = await EarlierRecords.read(graph, signal);
  return new MadePlan(walked.targets, graph, check.found, earlier);
}

/** Whether it is a plan that {@link plan} has made. */
export function isPlan(value: Targets | Plan): value is Plan {
  return typeof value === "object" && value !== null && planGraphKey in value;
}

class MadePlan implements Plan, NodeSource {
  readonly targets: readonly AnyPersistable[];
  readonly counts: PlanCounts;
  readonly expected: Expectation;
  readonly graph: PlanGraph;
  readonly #existing: readonly boolean[];
  readonly #earlier: EarlierRecords;
  #nodes: readonly PlanNode[] | undefined;
  #causes: readonly MissCause[] | undefined;

  constructor(
    targets: readonly AnyPersistable[],
    graph: PlanGraph,
    existing: readonly boolean[],
    earlier: EarlierRecords,
  ) {
    this.targets = targets;
    this.graph = graph;
    this.counts = countNodes(graph);
    this.expected = expect(graph, earlier);
    this.#existing = existing;
    this.#earlier = earlier;
  }

  get [planGraphKey](): PlanGraph {
    return this.graph;
  }

  get nodes(): readonly PlanNode[] {
    this.#nodes ??= Array.from({ length: this.graph.count }, (_, index) => new PlannedNode(index, this));
    return this.#nodes;
  }

  get causes(): readonly MissCause[] {
    this.#causes ??= findCauses(this, this.#existing, this.#earlier);
    return this.#causes;
  }

  reasonOf(node: number): MissReason | undefined {
    if (!this.#isMissing(node) || this.#existing[node] === true) return undefined;
    return this.#earlier.reasonOf(this.graph.states[node] as State);
  }

  expectedCostOf(node: number): Readonly<Record<string, number>> | undefined {
    return this.#isMissing(node) ? this.#earlier.shelfOf(this.graph.states[node] as State)?.typical.cost : undefined;
  }

  bytesOnHand(): Promise<number> {
    return sumPayloadBytes(this.graph);
  }

  toString(): string {
    return describePlan(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #isMissing(node: number): boolean {
    return this.graph.needed[node] === 1 && this.graph.kinds[node] !== NodeKind.hit;
  }
}
