import type { EarlierRecords } from "./earlier-records.ts";
import { missesOf, type PlanGraph } from "./plan-graph.ts";

/** The time and cost of all misses of a plan, estimated from earlier records of the same names. */
export interface Expectation {
  /** Milliseconds for all misses one after another. Absent if nothing is known. */
  readonly durationMs?: number;
  /**
   * Milliseconds for the longest chain of misses: no concurrency makes a run quicker. Absent if
   * nothing is known.
   */
  readonly criticalPathMs?: number;
  /** The sum by unit: `{ usd: 1.2, tokens: 90_000 }`. */
  readonly cost: Readonly<Record<string, number>>;
  /** Names without an earlier record that has a duration: the sums leave them out. */
  readonly unknown: readonly string[];
}

/** Fills in `expectedMs` of the graph, and returns the sums. */
export function expect(graph: PlanGraph, earlier: EarlierRecords): Expectation {
  const cost: Record<string, number> = {};
  const unknown = new Set<string>();
  const pathMs = new Float64Array(graph.count);
  let durationMs = 0;
  let criticalPathMs = 0;
  let known = 0;
  for (const [node, state] of missesOf(graph)) {
    const typical = earlier.typicalOf(state);
    for (const [unit, spent] of Object.entries(typical?.cost ?? {})) cost[unit] = (cost[unit] ?? 0) + spent;
    const ownMs = typical?.durationMs;
    if (ownMs === undefined) unknown.add(state.recipe.name);
    else {
      known += 1;
      graph.expectedMs[node] = ownMs;
      durationMs += ownMs;
    }
    const beforeMs = graph.edges
      .dependenciesOf(node)
      .reduce((ms, dependency) => Math.max(ms, pathMs[dependency] ?? 0), 0);
    const endMs = beforeMs + (ownMs ?? 0);
    pathMs[node] = endMs;
    criticalPathMs = Math.max(criticalPathMs, endMs);
  }
  const isKnown = known > 0 || unknown.size === 0;
  return { ...(isKnown ? { durationMs, criticalPathMs } : {}), cost, unknown: [...unknown].sort() };
}
