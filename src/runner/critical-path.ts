import { dependentsOf, isInOrder, type ScheduleGraph, topologicalOrder } from "./schedule-graph.ts";

/**
 * How long it takes, at least, from the beginning of each node to the end of all that depends on it: who begins with the longest ends soonest. A duration that is
 * not known counts as the median of those that are.
 *
 * @returns nothing where no duration of a node that is to be done is known
 */
export function criticalPathPriority(
  graph: ScheduleGraph,
  expectedMs: Float64Array,
  done?: Uint8Array,
): Float64Array | undefined {
  const { count, dependencyStart, dependencies } = graph;
  const usualMs = medianOfKnown(count, expectedMs, done);
  if (usualMs === undefined) return undefined;
  const order = isInOrder(graph) ? undefined : topologicalOrder(graph, dependentsOf(graph));
  const pathMs = new Float64Array(count);
  for (let at = count - 1; at >= 0; at--) {
    const node = order === undefined ? at : (order[at] as number);
    // What is done needs nothing of what it depends on.
    if (done?.[node] === 1) continue;
    const ownMs = expectedMs[node] as number;
    const ms = (pathMs[node] as number) + (isKnown(ownMs) ? ownMs : usualMs);
    pathMs[node] = ms;
    const end = dependencyStart[node + 1] as number;
    for (let edge = dependencyStart[node] as number; edge < end; edge++) {
      const dependency = dependencies[edge] as number;
      if ((pathMs[dependency] as number) < ms) pathMs[dependency] = ms;
    }
  }
  return pathMs;
}

function medianOfKnown(count: number, expectedMs: Float64Array, done: Uint8Array | undefined): number | undefined {
  const known = new Float64Array(count);
  let size = 0;
  for (let node = 0; node < count; node++) {
    const ms = expectedMs[node] as number;
    if (done?.[node] !== 1 && isKnown(ms)) known[size++] = ms;
  }
  if (size === 0) return undefined;
  const sorted = known.subarray(0, size).sort();
  const middle = size >> 1;
  const upper = sorted[middle] as number;
  return size % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

function isKnown(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
