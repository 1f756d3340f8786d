import type { Graph } from "../../pipeline/graph.ts";
import { medianOf } from "../../pipeline/plan/typical.ts";

/**
 * For each node the least time from its start to the end of everything that depends on it. A run
 * that starts the node with the longest such path first ends soonest. A node of unknown duration
 * counts with the median of the known ones.
 *
 * @returns nothing if no duration of a node that is to be done is known
 */
export function criticalPathPriority(
  graph: Graph,
  expectedMs: Float64Array,
  done?: Uint8Array,
): Float64Array | undefined {
  const usualMs = medianOf(expectedMs.filter((ms, node) => isKnown(ms) && done?.[node] !== 1));
  if (usualMs === undefined) return undefined;
  const pathMs = new Float64Array(graph.count);
  for (const node of graph.order.toReversed()) {
    if (done?.[node] === 1) continue;
    const ownMs = expectedMs[node] ?? Number.NaN;
    const ms = (pathMs[node] ?? 0) + (isKnown(ownMs) ? ownMs : usualMs);
    pathMs[node] = ms;
    for (const dependency of graph.dependenciesOf(node)) pathMs[dependency] = Math.max(pathMs[dependency] ?? 0, ms);
  }
  return pathMs;
}

function isKnown(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
