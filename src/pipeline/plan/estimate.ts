import type { State } from "../../persistable/declare/state.ts";
import type { EarlierRecords } from "./earlier-records.ts";
import { NodeKind, type PlanGraph } from "./plan-graph.ts";

/** What generating everything that is missing will take, as far as earlier records of the same names tell. */
export interface Expectation {
  /** The sum, in milliseconds: as long as it takes one after another. Absent where nothing is known. */
  readonly durationMs?: number;
  /** The longest chain, in milliseconds: no concurrency makes it quicker. Absent where nothing is known. */
  readonly criticalPathMs?: number;
  /** The sum by unit: `{ usd: 1.2, tokens: 90_000 }`. */
  readonly cost: Readonly<Record<string, number>>;
  /** Names without an earlier record that tells how long it takes: nothing of them is in the sums. */
  readonly unknown: readonly string[];
}

/** Fills `expectedMs` of the graph, and sums up. */
export function expect(graph: PlanGraph, earlier: EarlierRecords): Expectation {
  const cost: Record<string, number> = {};
  const unknown = new Set<string>();
  const pathMs = new Float64Array(graph.count);
  let durationMs = 0;
  let criticalPathMs = 0;
  let known = 0;
  for (const node of missesOf(graph)) {
    const state = graph.states[node] as State;
    const typical = earlier.shelfOf(state)?.typical;
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

/** What is to be generated, dependencies first. */
export function* missesOf({ count, needed, kinds }: PlanGraph): Iterable<number> {
  for (let node = 0; node < count; node++) if (needed[node] === 1 && kinds[node] !== NodeKind.hit) yield node;
}
