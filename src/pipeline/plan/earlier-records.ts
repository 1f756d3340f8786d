import type { MissReason } from "../../artifact/explain/miss.ts";
import { nearestReason, unreachable } from "../../catalog/nearest/explain-miss.ts";
import { type NearRecords, type RecipeIndex, recipeIndexOf } from "../../catalog/nearest/recipe-index.ts";
import type { State } from "../../persistable/declare/state.ts";
import { missesOf, type PlanGraph } from "./plan-graph.ts";
import { type Typical, typicalOf } from "./typical.ts";

/** At most this many records of one name are read from a store behind a network. */
export const MAX_RECORDS = 256;

interface EarlierName {
  readonly recipeIndex: RecipeIndex;
  readonly typical: Typical;
  /** The reason for all misses of the name if a layer of the store did not answer. */
  readonly unreachable: MissReason | undefined;
}

/**
 * Records of the names that have misses: they give the estimate of a plan, and the reasons of its
 * misses.
 */
export class EarlierRecords {
  /** By name and store. */
  readonly #names: ReadonlyMap<string, EarlierName>;
  readonly #nearest = new Map<State, NearRecords>();
  readonly #reasons = new Map<State, MissReason>();

  private constructor(names: ReadonlyMap<string, EarlierName>, stale: ReadonlyMap<State, MissReason>) {
    this.#names = names;
    for (const [state, reason] of stale) this.#reasons.set(state, reason);
  }

  /** @throws a StoreError if a store cannot be listed */
  static async read(
    graph: PlanGraph,
    stale: ReadonlyMap<State, MissReason>,
    signal: AbortSignal | undefined,
  ): Promise<EarlierRecords> {
    const names = new Map<string, EarlierName>();
    for (const [, state] of missesOf(graph)) {
      const key = recipeIndexKey(state);
      if (names.has(key)) continue;
      const { store } = state.surroundings;
      const recipeIndex = recipeIndexOf(store, state.recipe.name);
      const maxRecords = store.sync === undefined ? MAX_RECORDS : Number.POSITIVE_INFINITY;
      await recipeIndex.refresh({ maxRecords, signal });
      names.set(key, { recipeIndex, typical: typicalOf(recipeIndex.provenances()), unreachable: unreachable(store) });
    }
    return new EarlierRecords(names, stale);
  }

  typicalOf(state: State): Typical | undefined {
    return this.#names.get(recipeIndexKey(state))?.typical;
  }

  /** The record whose recipe differs least, and how many were compared. */
  nearestTo(state: State): NearRecords {
    const known = this.#nearest.get(state);
    if (known !== undefined) return known;
    const nearest = this.#names.get(recipeIndexKey(state))?.recipeIndex.nearestNow(state.recipe) ?? NOTHING;
    this.#nearest.set(state, nearest);
    return nearest;
  }

  /** Whether a layer of the persistable's store did not answer. */
  isUnreachable(state: State): boolean {
    return this.#names.get(recipeIndexKey(state))?.unreachable !== undefined;
  }

  reasonOf(state: State): MissReason {
    const known = this.#reasons.get(state);
    if (known !== undefined) return known;
    const { unreachable } = this.#names.get(recipeIndexKey(state)) ?? {};
    const reason = unreachable ?? nearestReason(state.recipe, this.nearestTo(state));
    this.#reasons.set(state, reason);
    return reason;
  }
}

const NOTHING: NearRecords = { records: [], compared: 0, total: 0 };

/** The same name in two stores has two keys. */
export function recipeIndexKey({ recipe, surroundings }: State): string {
  return `${recipe.name} ${surroundings.store.url}`;
}
