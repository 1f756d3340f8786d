import type { JsonValue } from "../../canonical/tagged-json.ts";

/** The values of one field among some artifacts. */
export interface Facet {
  /** The field as queries write it: `points.n`, `summary.k`, `state`. */
  readonly field: string;
  /** How many artifacts have a value. */
  readonly count: number;
  /** How many different values there are. */
  readonly distinct: number;
  /**
   * Set where counting ended at `mostDistinct` values: there are more, and `values` is empty.
   */
  readonly isDistinctCut?: true;
  /** The most frequent values first, at most 50. */
  readonly values: readonly { readonly value: JsonValue; readonly count: number }[];
  /**
   * Present if there are numbers or times among the values: the range from `min` to `max` in bins
   * of equal width, each with its number of artifacts. Times are milliseconds since the epoch.
   */
  readonly histogram?: { readonly min: number; readonly max: number; readonly bins: readonly number[] };
  /** The sum of the numbers; absent without a number. */
  readonly sum?: number;
}

/** Details for {@link Catalog.facets}. */
export interface FacetOptions {
  /**
   * How many different values of a field are counted; all by default. With a limit, facets of
   * millions of artifacts are ready sooner.
   */
  readonly mostDistinct?: number | undefined;
}
