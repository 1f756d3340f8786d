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
  const sample = known.subarray(0, size);
  const upper = selectNth(sample, size >> 1);
  if (size % 2 === 1) return upper;
  const lower = sample.subarray(0, size >> 1).reduce((largest, ms) => Math.max(largest, ms), 0);
  return (lower + upper) / 2;
}

/** The one that would stand at `index` if all were sorted, and those before it in front of it; sorting 100,000 would take as long as scheduling them. */
function selectNth(values: Float64Array, index: number): number {
  let start = 0;
  let end = values.length - 1;
  while (start < end) {
    const pivot = values[(start + end) >> 1] as number;
    let low = start;
    let high = end;
    while (low <= high) {
      while ((values[low] as number) < pivot) low += 1;
      while ((values[high] as number) > pivot) high -= 1;
      if (low > high) break;
      const swapped = values[low] as number;
      values[low] = values[high] as number;
      values[high] = swapped;
      low += 1;
      high -= 1;
    }
    if (index <= high) end = high;
    else if (index >= low) start = low;
    else break;
  }
  return values[index] as number;
}

function isKnown(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
