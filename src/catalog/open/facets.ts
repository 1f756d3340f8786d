import type { JsonValue } from "../../canonical/tagged-json.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { type Fact, leavesOf, paramField, valuesOf } from "../query/field.ts";
import { numericValue, timeValue } from "../query/operand.ts";
import { compareValues } from "../query/sort-entries.ts";

/** The values of one field among some artifacts. */
export interface Facet {
  /** The field as queries write it: `points.n`, `summary.k`, `state`. */
  readonly field: string;
  /** How many artifacts have a value. */
  readonly count: number;
  /** How many different values there are. */
  readonly distinct: number;
  /** The most frequent values first, at most 50. */
  readonly values: readonly { readonly value: JsonValue; readonly count: number }[];
  /**
   * Present if there are numbers or times among the values: the range from `min` to `max` in bins
   * of equal width, each with its number of artifacts. Times are milliseconds since the epoch.
   */
  readonly histogram?: { readonly min: number; readonly max: number; readonly bins: readonly number[] };
}

const MOST_VALUES = 50;
const BINS = 50;
const FACTS: readonly Fact[] = ["name", "state", "created", "took", "size", "format", "version", "draw"];

/** The facets of entries: facts first, then params, summaries and costs as they first appear. */
export function facetsOf(groups: readonly Iterable<CatalogEntry>[]): readonly Facet[] {
  const facets = new Map<string, FacetCounter>();
  const add = (field: string, value: JsonValue): void => {
    const facet = facets.get(field) ?? new FacetCounter();
    facets.set(field, facet);
    facet.add(value);
  };
  const addEntry = (entry: CatalogEntry): void => {
    for (const fact of FACTS) for (const value of valuesOf(entry, { kind: "fact", fact })) add(fact, value);
    for (const { path, value } of leavesOf(entry.params)) add(paramField(path), value);
    for (const { path, value } of leavesOf(entry.summary)) add(`summary.${path}`, value);
    for (const [unit, amount] of Object.entries(entry.cost ?? {})) add(`cost.${unit}`, amount);
  };
  for (const group of groups) for (const entry of group) addEntry(entry);
  return [...facets].map(([field, counter]) => counter.facet(field));
}

class FacetCounter {
  readonly #values = new Map<string, { readonly value: JsonValue; count: number }>();
  readonly #numbers: number[] = [];
  #count = 0;

  add(value: JsonValue): void {
    this.#count += 1;
    const key = JSON.stringify(value);
    const known = this.#values.get(key) ?? { value, count: 0 };
    this.#values.set(key, known);
    known.count += 1;
    const number = numericValue(value) ?? timeValue(value);
    if (number !== undefined && Number.isFinite(number)) this.#numbers.push(number);
  }

  facet(field: string): Facet {
    const values = [...this.#values.values()].sort(
      (one, other) => other.count - one.count || compareValues(one.value, other.value),
    );
    const histogram = histogramOf(this.#numbers);
    return {
      field,
      count: this.#count,
      distinct: values.length,
      values: values.slice(0, MOST_VALUES),
      ...(histogram === undefined ? {} : { histogram }),
    };
  }
}

function histogramOf(numbers: readonly number[]): Facet["histogram"] {
  const [first] = numbers;
  if (first === undefined) return undefined;
  let [min, max] = [first, first];
  for (const number of numbers) {
    min = Math.min(min, number);
    max = Math.max(max, number);
  }
  const bins = new Array<number>(min === max ? 1 : BINS).fill(0);
  for (const number of numbers) {
    // The numbers are halved first, since their difference may be larger than the largest number.
    const share = min === max ? 0 : (number / 2 - min / 2) / (max / 2 - min / 2);
    const bin = Math.min(bins.length - 1, Math.floor(share * bins.length));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return { min, max, bins };
}
