import type { MissReason } from "../../artifact/explain/miss.ts";
import { withSourcePolicy } from "../../persistable/context/work-source-policy.ts";
import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import { PauseTimer } from "../../util/concurrency/yield-turns.ts";
import type { NotebookDisplay } from "../../util/notebook/notebook-display.ts";
import { itemAt } from "../item-at.ts";
import { buildGraph } from "./build-graph.ts";
import { describePlan, displayPlan } from "./describe-plan.ts";
import { EarlierRecords } from "./earlier-records.ts";
import { type Expectation, expect } from "./estimate.ts";
import { ExistenceCheck } from "./existence-check.ts";
import { findCauses, type MissCause, type MissCauseJson } from "./miss-causes.ts";
import type { PlanNodeJson } from "./node-to-json.ts";
import { NodeKind, type PlanGraph, planGraphKey, type Targets } from "./plan-graph.ts";
import { countNodes, type NodeSource, type PlanCounts, type PlanNode, PlannedNode } from "./planned-node.ts";
import { sumPayloadBytes } from "./sum-payload-bytes.ts";
import { walkTargets } from "./walk-targets.ts";

/** How a plan is made. */
export interface PlanOptions {
  /** Ends the planning: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
  /** Persistables to generate even if their artifacts exist, and even if no target needs them. */
  readonly force?: Iterable<AnyPersistable> | undefined;
  /**
   * Decides what becomes of artifacts that other source code has made; comes before the definitions
   * and the environment. A run of the plan keeps to it.
   */
  readonly onSourceChange?: SourceChangePolicy | undefined;
}

/**
 * Everything that targets need: which artifacts exist, which are to be generated and why, and how
 * long that is expected to take.
 */
export interface Plan {
  readonly targets: readonly AnyPersistable[];
  /** The targets and everything that they are made from, each address once, dependencies first. */
  readonly nodes: readonly PlanNode[];
  readonly counts: PlanCounts;
  /** Why nodes are misses, the cause of most misses first. Computed on first access. */
  readonly causes: readonly MissCause[];
  readonly expected: Expectation;
  /**
   * Reads records, and returns the bytes of all payloads that exist and that a target needs.
   *
   * @throws a StoreError
   */
  bytesOnHand(): Promise<number>;
  /** A text for people: counts, causes, the estimate, and the first misses with their reasons. */
  toString(): string;
  /** Returns the plan in the form that `JSON.stringify` writes, without secrets. */
  toJSON(): PlanJson;
  /** @internal */
  readonly [planGraphKey]: PlanGraph;
}

/**
 * A plan as JSON: what `JSON.stringify` writes of it. Values of params are tagged as in a record,
 * and secrets are left out.
 *
 * @example
 * ```ts
 * import { plan, type PlanJson } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const { counts, nodes }: PlanJson = JSON.parse(JSON.stringify(await plan(study)));
 * ```
 */
export interface PlanJson {
  readonly counts: PlanCounts;
  readonly expected: Expectation;
  readonly nodes: readonly PlanNodeJson[];
  readonly causes: readonly MissCauseJson[];
}

/**
 * Finds out what has to be generated for these targets, and why. It compares addresses with the
 * records that exist: no payload is loaded, and nothing is generated. For the reasons and for the
 * estimate it reads the earlier records of each name that has a miss: all of them on this machine,
 * and up to 256 from a store behind a network, which the reasons then say.
 *
 * A hit is a record that exists. Whether the artifact is whole turns out when it is loaded: a
 * damaged one is generated again then.
 *
 * @throws {@link DefinitionError} if a target is not a persistable; a StoreError if a store cannot
 * tell which records exist; the signal's reason
 *
 * @example
 * ```ts
 * import { plan, run, sweep } from "persistable-ts/pipeline";
 * import { outlierEstimator } from "./pipeline.ts";
 *
 * const planned = await plan(sweep(outlierEstimator, { zThreshold: [1, 2, 3], points: { n: 1000 } }));
 * console.log(String(planned)); // 3 misses follow from zThreshold of outlier_estimator: …
 * console.log(planned.counts.miss, planned.expected.durationMs);
 * await run(planned);
 * ```
 */
export function plan(targets: Targets, options: PlanOptions = {}): Promise<Plan> {
  return withSourcePolicy(options.onSourceChange, () => planNow(targets, options));
}

async function planNow(targets: Targets, { signal, force = [], onSourceChange }: PlanOptions): Promise<Plan> {
  const pauseTimer = new PauseTimer(signal);
  const check = new ExistenceCheck(signal);
  const walked = await walkTargets(targets, force, pauseTimer, check);
  await check.settle();
  const graph = buildGraph(walked, check.found, onSourceChange);
  const earlier = await EarlierRecords.read(graph, check.stale, signal);
  return new MadePlan(walked.targets, graph, check.found, earlier);
}

/** Whether the value is a plan from {@link plan}. */
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
    return this.#earlier.reasonOf(itemAt(this.graph.states, node));
  }

  expectedCostOf(node: number): Readonly<Record<string, number>> | undefined {
    return this.#isMissing(node) ? this.#earlier.typicalOf(itemAt(this.graph.states, node))?.cost : undefined;
  }

  bytesOnHand(): Promise<number> {
    return sumPayloadBytes(this.graph);
  }

  toString(): string {
    return describePlan(this);
  }

  [Symbol.for("Jupyter.display")](): NotebookDisplay {
    return displayPlan(this);
  }

  toJSON(): PlanJson {
    return {
      counts: this.counts,
      expected: this.expected,
      nodes: this.nodes.map((node) => node.toJSON()),
      causes: this.causes.map((cause) => cause.toJSON()),
    };
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #isMissing(node: number): boolean {
    return this.graph.needed[node] === 1 && this.graph.kinds[node] !== NodeKind.hit;
  }
}
