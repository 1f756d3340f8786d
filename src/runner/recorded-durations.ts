import type { Address } from "../address/address.ts";
import { readRecords } from "../catalog/read-records.ts";
import type { State } from "../persistable/declare/state.ts";
import { MAX_RECORDS, recipeIndexKey } from "../pipeline/plan/earlier-records.ts";
import { NodeKind, type PlanGraph } from "../pipeline/plan/plan-graph.ts";
import { typicalOf } from "../pipeline/plan/typical.ts";

/**
 * The durations of the generation of existing artifacts, which a run saves with each hit. A
 * duration is exact if the record was read; for all other artifacts of a name it is the median of
 * those.
 */
export class RecordedDurations {
  readonly #exact = new Map<Address, number>();
  readonly #typical = new Map<string, number | undefined>();

  /**
   * Reads records of the names of all needed hits. Failures are ignored, since a run works without
   * the durations.
   */
  static async read(graph: PlanGraph, signal: AbortSignal): Promise<RecordedDurations> {
    const durations = new RecordedDurations();
    for (const [node, state] of graph.states.entries()) {
      if (graph.needed[node] === 0 || graph.kinds[node] !== NodeKind.hit) continue;
      if (!durations.#typical.has(recipeIndexKey(state))) await durations.#readName(state, signal);
    }
    return durations;
  }

  of(state: State): number | undefined {
    return this.#exact.get(state.recipe.address) ?? this.#typical.get(recipeIndexKey(state));
  }

  async #readName(state: State, signal: AbortSignal): Promise<void> {
    const { recipe, surroundings } = state;
    const options = { maxRecords: MAX_RECORDS, signal };
    const records = await readRecords(surroundings.store, recipe.name, recipe.classes, options).catch(() => []);
    for (const { address, provenance } of records)
      if (provenance.durationMs !== undefined) this.#exact.set(address, provenance.durationMs);
    this.#typical.set(recipeIndexKey(state), typicalOf(records.map(({ provenance }) => provenance)).durationMs);
  }
}
