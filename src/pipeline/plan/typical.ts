import type { ArtifactRecord } from "../../record/record.ts";

/** What one generation of a name takes. */
export interface Typical {
  readonly durationMs: number | undefined;
  readonly cost: Readonly<Record<string, number>> | undefined;
}

/** The median duration: one that was held up must not count for all. And the mean cost, so that sums come out right. */
export function typicalOf(records: readonly ArtifactRecord[]): Typical {
  const durations: number[] = [];
  const cost: Record<string, number> = {};
  let costly = 0;
  for (const { provenance } of records) {
    if (provenance.durationMs !== undefined) durations.push(provenance.durationMs);
    if (provenance.cost === undefined) continue;
    costly += 1;
    for (const [unit, spent] of Object.entries(provenance.cost)) cost[unit] = (cost[unit] ?? 0) + spent;
  }
  for (const unit of Object.keys(cost)) cost[unit] = (cost[unit] as number) / costly;
  return { durationMs: medianOf(durations), cost: costly === 0 ? undefined : cost };
}

function medianOf(values: number[]): number | undefined {
  values.sort((one, other) => one - other);
  const middle = values.length >> 1;
  const upper = values[middle];
  if (upper === undefined || values.length % 2 === 1) return upper;
  return ((values[middle - 1] as number) + upper) / 2;
}
