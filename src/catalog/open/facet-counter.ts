import type { JsonValue } from "../../canonical/tagged-json.ts";
import { numericValue, timeValue } from "../query/operand.ts";
import { compareValues } from "../query/sort-entries.ts";
import type { Facet } from "./facet.ts";
import { FirstItems } from "./first-items.ts";
import { NumberCounts } from "./number-counts.ts";

const MOST_VALUES = 50;
const BINS = 50;

/** Counts the values of one field. */
export class FacetCounter {
  readonly #mostDistinct: number;
  readonly #values = new Map<string, { readonly value: JsonValue; count: number }>();
  readonly #numbers = new NumberCounts();
  /** The numbers for the histogram, in parts; NaN stands for none. */
  readonly #drawn: Float64Array[] = [];
  readonly #single: number[] = [];
  readonly #valueOfNumber: (number: number) => JsonValue;
  count = 0;

  /** @param valueOfNumber - the value that a number stands for: the number, or a time */
  constructor(mostDistinct = Number.POSITIVE_INFINITY, valueOfNumber = (number: number): JsonValue => number) {
    this.#mostDistinct = mostDistinct;
    this.#valueOfNumber = valueOfNumber;
  }

  add(value: JsonValue, count: number): void {
    this.count += count;
    const number = numericValue(value) ?? timeValue(value);
    if (!this.#isCut) this.#countValue(value, number, count);
    if (number === undefined || !Number.isFinite(number)) return;
    for (let i = 0; i < count; i++) this.#single.push(number);
  }

  /**
   * Adds many numbers; NaN stands for none.
   *
   * @returns how many numbers there are
   */
  addNumbers(numbers: Float64Array | undefined): number {
    if (numbers === undefined) return 0;
    let count = 0;
    let isCut = this.#isCut;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? Number.NaN;
      if (Number.isNaN(number)) continue;
      count += 1;
      if (isCut) continue;
      this.#numbers.add(number, 1);
      isCut = this.#isCut;
    }
    this.#drawn.push(numbers);
    this.count += count;
    return count;
  }

  result(): Omit<Facet, "field"> {
    const drawn = histogramOf([...this.#drawn, Float64Array.from(this.#single)]);
    return {
      count: this.count,
      ...(this.#isCut
        ? { distinct: this.#mostDistinct, isDistinctCut: true, values: [] }
        : { distinct: this.#distinct, values: this.#mostFrequent() }),
      ...drawn,
    };
  }

  get #distinct(): number {
    return this.#values.size + this.#numbers.distinct;
  }

  get #isCut(): boolean {
    return this.#distinct > this.#mostDistinct;
  }

  #countValue(value: JsonValue, number: number | undefined, count: number): void {
    const key = JSON.stringify(value);
    if (number !== undefined && Number.isFinite(number) && this.#keyOf(number) === key) {
      this.#numbers.add(number, count);
      return;
    }
    const known = this.#values.get(key) ?? { value, count: 0 };
    this.#values.set(key, known);
    known.count += count;
  }

  #keyOf(number: number): string {
    return JSON.stringify(this.#valueOfNumber(number));
  }

  #mostFrequent(): Facet["values"] {
    const first = new FirstItems<Facet["values"][number]>(
      MOST_VALUES,
      (one, other) => other.count - one.count || compareValues(one.value, other.value),
    );
    for (const counted of this.#values.values()) first.add(counted);
    for (const { number, count } of this.#numbers.mostFrequent(MOST_VALUES))
      first.add({ value: this.#valueOfNumber(number), count });
    return first.toArray();
  }
}

function histogramOf(parts: readonly Float64Array[]): Pick<Facet, "histogram" | "sum"> {
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const numbers of parts)
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? Number.NaN;
      if (number < min) min = number;
      if (number > max) max = number;
      if (!Number.isNaN(number)) sum += number;
    }
  if (min > max) return {};
  const bins = new Float64Array(min === max ? 1 : BINS);
  // The numbers are halved first, since their difference may be larger than the largest number.
  const range = max / 2 - min / 2;
  for (const numbers of parts)
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? Number.NaN;
      if (Number.isNaN(number)) continue;
      const share = min === max ? 0 : (number / 2 - min / 2) / range;
      const bin = Math.min(bins.length - 1, Math.floor(share * bins.length));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
  return { histogram: { min, max, bins: [...bins] }, sum };
}
