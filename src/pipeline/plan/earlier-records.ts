import { nearestReason } from "../../artifact/explain/explain-miss.ts";
import type { MissReason } from "../../artifact/explain/miss.ts";
import { readRecords } from "../../artifact/explain/read-records.ts";
import type { State } from "../../persistable/declare/state.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { missesOf, type PlanGraph } from "./plan-graph.ts";
import { RecordShelf } from "./record-index.ts";

/** At most this many records of one name are read. */
export const MAX_RECORDS = 256;
/** At most this many of them are compared in full. */
const COMPARED_RECORDS = 16;

/**
 * Records of the names that have misses: they give the estimate of a plan, and the reasons of its
 * misses.
 */
export class EarlierRecords {
  /** By name and store. */
  readonly #shelves: ReadonlyMap<string, RecordShelf>;
  readonly #reasons = new Map<State, MissReason>();

  private constructor(shelves: ReadonlyMap<string, RecordShelf>) {
    this.#shelves = shelves;
  }

  /** @throws a StoreError if a store cannot be listed */
  static async read(graph: PlanGraph, signal: AbortSignal | undefined): Promise<EarlierRecords> {
    const shelves = new Map<string, RecordShelf>();
    for (const [, state] of missesOf(graph)) {
      const key = shelfKey(state);
      if (shelves.has(key)) continue;
      const { name, classes } = state.recipe;
      const options = { maxRecords: MAX_RECORDS, signal };
      const records = await readRecords(state.surroundings.store, name, classes, options);
      shelves.set(key, new RecordShelf(records, classes));
    }
    return new EarlierRecords(shelves);
  }

  shelfOf(state: State): RecordShelf | undefined {
    return this.#shelves.get(shelfKey(state));
  }

  reasonOf(state: State): MissReason {
    const known = this.#reasons.get(state);
    if (known !== undefined) return known;
    const nearest: readonly ArtifactRecord[] = this.shelfOf(state)?.nearest(state.recipe, COMPARED_RECORDS) ?? [];
    const reason = nearestReason(state.recipe, nearest);
    this.#reasons.set(state, reason);
    return reason;
  }
}

/** The same name in two stores has two keys. */
export function shelfKey({ recipe, surroundings }: State): string {
  return `${recipe.name} ${surroundings.store.url}`;
}
