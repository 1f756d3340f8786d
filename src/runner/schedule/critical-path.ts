import type { Graph } from "../../pipeline/graph.ts";

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
  const usualMs = median(expectedMs.filter((ms, node) => isKnown(ms) && done?.[node] !== 1));
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

function median(values: Float64Array): number | undefined {
  const sorted = values.toSorted();
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

function isKnown(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
