import { compareRecipes } from "../artifact/compare-recipes.ts";
import type { RecipeChange } from "../artifact/miss.ts";
import { readRecords } from "../artifact/read-records.ts";
import type { AnyPersistable } from "../persistable/persistable.ts";
import { type State, stateKey } from "../persistable/state.ts";
import type { ArtifactRecord } from "../record/record.ts";

/** An artifact of the same name, and how its recipe differs. */
export interface Neighbor {
  readonly record: ArtifactRecord;
  /** Roots only; none where it is the very artifact that was asked for. */
  readonly changes: readonly RecipeChange[];
}

/** How neighbors are looked for. */
export interface NearestOptions {
  /** How many at most; 10 by default. */
  readonly limit?: number | undefined;
  /** How many records are compared at most; 10,000 by default. */
  readonly maxRecords?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The artifacts of the same name whose recipes differ least, the nearest first: fewest changes, then numbers that are closest, then the newest. It need not be
 * persisted itself. Reads records, no payloads.
 *
 * @throws a StoreError where the store cannot be listed.
 *
 * @example
 * ```ts
 * for (const { record, changes } of await findNearest(estimator({ zThreshold: 2, points: { n: 100 } }))) console.log(record.address, changes);
 * ```
 */
export async function findNearest(
  persistable: AnyPersistable,
  { limit = 10, maxRecords = 10_000, signal }: NearestOptions = {},
): Promise<readonly Neighbor[]> {
  const { node, surroundings } = (persistable as AnyPersistable & { readonly [stateKey]: State })[stateKey];
  const records = await readRecords(surroundings.store, node.name, node.classes, { maxRecords, signal });
  const neighbors = records.map((record) => {
    const changes = compareRecipes(node, record);
    return { record, changes, distance: changes.reduce((sum, change) => sum + distanceOf(change), 0) };
  });
  neighbors.sort(
    (one, other) =>
      one.changes.length - other.changes.length ||
      one.distance - other.distance ||
      (one.record.provenance.createdAt < other.record.provenance.createdAt ? 1 : -1),
  );
  return neighbors.slice(0, limit).map(({ record, changes }) => ({ record, changes }));
}

/** From 0 for the same number to 1 for numbers that have nothing to do with each other, and for everything else. */
function distanceOf({ value, nearestValue }: RecipeChange): number {
  if (typeof value !== "number" || typeof nearestValue !== "number") return 1;
  const scale = Math.max(Math.abs(value), Math.abs(nearestValue));
  const share = scale === 0 ? 0 : Math.abs(value - nearestValue) / scale;
  return Number.isFinite(share) ? Math.min(1, share) : 1;
}
