import { compareRecipes } from "../../artifact/explain/compare-recipes.ts";
import type { RecipeChange } from "../../artifact/explain/miss.ts";
import { numericDistance } from "../../catalog/nearest/numeric-distance.ts";
import { recipeIndexOf } from "../../catalog/nearest/recipe-index.ts";
import { compareTexts } from "../../catalog/query/sort-entries.ts";
import { stateOf } from "../../persistable/declare/state-of.ts";
import type { AnyPersistable } from "../../persistable/persistable.ts";
import type { ArtifactRecord } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";

/** An artifact of the same name, and how its recipe differs. */
export interface Neighbor {
  readonly record: ArtifactRecord;
  /**
   * The differences in its recipe; empty if it is the artifact of the recipe itself. An upstream
   * change is listed once, without the changes of address that follow from it.
   */
  readonly changes: readonly RecipeChange[];
}

/** How neighbors are looked for. */
export interface NearestOptions {
  /** The greatest number of neighbors. Default 10. */
  readonly limit?: number | undefined;
  /**
   * The greatest number of records that are compared. By default all of them, or 10,000 if the
   * store is behind a network.
   */
  readonly maxRecords?: number | undefined;
  /** Ends the search: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the artifacts of the same name whose recipes differ least, the nearest first: those with
 * the fewest changes, then those whose numbers are closest, then the newest. The persistable itself
 * need not have an artifact. It reads records and no payloads.
 *
 * @throws {@link DefinitionError} if it is given anything but a persistable; a StoreError if the
 * store cannot be listed; the signal's reason
 *
 * @example
 * ```ts
 * import { findNearest } from "persistable-ts/pipeline";
 * import { estimator } from "./pipeline.ts";
 *
 * for (const { record, changes } of await findNearest(estimator)) console.log(record.address, changes);
 * ```
 */
export async function findNearest(
  persistable: AnyPersistable,
  { limit = 10, maxRecords, signal }: NearestOptions = {},
): Promise<readonly Neighbor[]> {
  const { recipe, surroundings } = stateOf(persistable, "What findNearest was given");
  const store = certainStore(surroundings.store);
  const recipeIndex = recipeIndexOf(store, recipe.name);
  const most = store.sync === undefined ? REMOTE_RECORDS : Number.POSITIVE_INFINITY;
  await recipeIndex.refresh({ maxRecords: maxRecords ?? most, signal });
  const { records } = await recipeIndex.nearest(recipe, { limit, includesOwn: true, signal });
  const neighbors = records.map((record): Ranked => {
    const changes = compareRecipes(recipe, record);
    return { record, changes, distance: changes.reduce((sum, change) => sum + distanceOf(change), 0) };
  });
  neighbors.sort(compareRanked);
  return neighbors.slice(0, limit).map(({ record, changes }) => ({ record, changes }));
}

const REMOTE_RECORDS = 10_000;

interface Ranked extends Neighbor {
  readonly distance: number;
}

function compareRanked(one: Ranked, other: Ranked): number {
  return (
    one.changes.length - other.changes.length ||
    one.distance - other.distance ||
    compareTexts(other.record.provenance.createdAt, one.record.provenance.createdAt) ||
    compareTexts(one.record.address, other.record.address)
  );
}

/** From 0 for equal numbers to 1 for numbers that are far apart; 1 for all other values. */
function distanceOf({ value, nearestValue }: RecipeChange): number {
  return isNumeric(value) && isNumeric(nearestValue) ? numericDistance(Number(value), Number(nearestValue)) : 1;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
