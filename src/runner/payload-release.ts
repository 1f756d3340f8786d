import { NOTHING_HELD, type State } from "../persistable/declare/state.ts";
import { add } from "../pipeline/graph.ts";
import type { PlanGraph } from "../pipeline/plan/plan-graph.ts";

/** Frees the payloads that a run loads or generates as soon as no node of the run needs them. */
export class PayloadRelease {
  readonly #graph: PlanGraph;
  readonly #keepsTargets: boolean;
  /** For each node, how many of its dependents are still to be done. */
  readonly #consumers: Int32Array;
  /** 1 if the payload was in memory before the run: such payloads stay there. */
  readonly #wasHeld: Uint8Array;

  constructor(graph: PlanGraph, done: Uint8Array, keepsTargets: boolean) {
    this.#graph = graph;
    this.#keepsTargets = keepsTargets;
    this.#consumers = new Int32Array(graph.count);
    this.#wasHeld = new Uint8Array(graph.count);
    const { edges, states } = graph;
    for (let node = 0; node < graph.count; node++) {
      this.#wasHeld[node] = states[node]?.held.kind === "nothing" ? 0 : 1;
      if (done[node] === 1) continue;
      for (const dependency of edges.dependenciesOf(node)) add(this.#consumers, dependency, 1);
    }
  }

  /** The run calls this when a node is done or has failed. */
  settled(node: number): void {
    const { edges, states } = this.#graph;
    if (this.#consumers[node] === 0) this.#letGo(node);
    const state = states[node];
    for (const dependency of edges.dependenciesOf(node))
      if (add(this.#consumers, dependency, -1) === 0) this.#letGo(dependency);
    // A dependency may be another object than the node of its address. The plan does not know of
    // any other use of that object.
    for (const own of state?.dependencyStates ?? [])
      if (own.lastGenerated === undefined && !this.#represents(own, node)) forget(own);
  }

  #represents(state: State, consumer: number): boolean {
    const { edges, states } = this.#graph;
    return edges.dependenciesOf(consumer).some((dependency) => states[dependency] === state);
  }

  #letGo(node: number): void {
    const state = this.#graph.states[node];
    if (state === undefined || this.#wasHeld[node] === 1) return;
    if (this.#keepsTargets && this.#graph.isTarget[node] === 1) return;
    forget(state);
  }
}

/** A payload that is not persisted stays, because it cannot be loaded again. */
function forget(state: State): void {
  if (state.held.kind === "encoded") return;
  state.held = NOTHING_HELD;
  state.lastGenerated = undefined;
}
