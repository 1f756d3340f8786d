import type { SourceChangePolicy } from "../../persistable/declare/declaration.ts";
import { Graph } from "../graph.ts";
import { NodeKind, type PlanGraph } from "./plan-graph.ts";
import type { WalkedGraph } from "./walk-targets.ts";

/** Puts the results of the walk and of the stores into arrays. `expectedMs` is filled in later. */
export function buildGraph(
  walked: WalkedGraph,
  existing: readonly boolean[],
  onSourceChange?: SourceChangePolicy,
): PlanGraph {
  const count = walked.states.length;
  const graph: PlanGraph = {
    count,
    states: walked.states,
    edges: Graph.fromLists(walked.dependencyStart, walked.dependencies),
    kinds: new Uint8Array(count),
    needed: new Uint8Array(count),
    isTarget: new Uint8Array(count),
    forced: new Uint8Array(count),
    expectedMs: new Float64Array(count).fill(Number.NaN),
    onSourceChange,
  };
  const { needed, isTarget, forced } = graph;
  for (const node of walked.targetNodes) {
    needed[node] = 1;
    isTarget[node] = 1;
  }
  for (const node of walked.forcedNodes) {
    needed[node] = 1;
    forced[node] = 1;
  }
  markNeeded(graph, existing);
  markKinds(graph, existing);
  return graph;
}

/** The dependents of a node come after it: going backwards, all of them are decided before it. */
function markNeeded({ count, needed, forced, edges }: PlanGraph, existing: readonly boolean[]): void {
  for (let node = count - 1; node >= 0; node--) {
    if (needed[node] === 0 || (existing[node] === true && forced[node] === 0)) continue;
    for (const dependency of edges.dependenciesOf(node)) needed[dependency] = 1;
  }
}

function markKinds(graph: PlanGraph, existing: readonly boolean[]): void {
  const { count, needed, forced, kinds, edges } = graph;
  for (let node = 0; node < count; node++) {
    if (existing[node] === true && forced[node] === 0) {
      kinds[node] = NodeKind.hit;
      continue;
    }
    kinds[node] = NodeKind.miss;
    // A node that no target needs is not generated, so it waits for nothing.
    if (needed[node] === 0) continue;
    const isBlocked = edges.dependenciesOf(node).some((dependency) => kinds[dependency] !== NodeKind.hit);
    if (isBlocked) kinds[node] = NodeKind.blocked;
  }
}
