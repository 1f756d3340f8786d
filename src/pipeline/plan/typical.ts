import type { Provenance } from "../../record/record.ts";

/** The time and cost of generating one artifact of a name. */
export interface Typical {
  readonly durationMs: number | undefined;
  readonly cost: Readonly<Record<string, number>> | undefined;
}

/**
 * The median of the durations, so that one slow generation does not distort it, and the mean of the
 * costs, so that sums come out right.
 */
export function typicalOf(provenances: Iterable<Pick<Provenance, "durationMs" | "cost">>): Typical {
  const durations: number[] = [];
  const cost: Record<string, number> = {};
  let costly = 0;
  for (const provenance of provenances) {
    if (provenance.durationMs !== undefined) durations.push(provenance.durationMs);
    if (provenance.cost === undefined) continue;
    costly += 1;
    for (const [unit, spent] of Object.entries(provenance.cost)) cost[unit] = (cost[unit] ?? 0) + spent;
  }
  const mean = Object.fromEntries(Object.entries(cost).map(([unit, spent]) => [unit, spent / costly]));
  return { durationMs: medianOf(durations), cost: costly === 0 ? undefined : mean };
}

export function medianOf(values: Iterable<number>): number | undefined {
  const sorted = Float64Array.from(values).sort();
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}
