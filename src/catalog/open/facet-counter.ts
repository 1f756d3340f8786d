import type { JsonValue } from "../../canonical/tagged-json.ts";
import { numericValue, timeValue } from "../query/operand.ts";
import { compareValues } from "../query/sort-entries.ts";
import type { Facet } from "./facet.ts";
import { NumberCounts } from "./number-counts.ts";

const MOST_VALUES = 50;
const BINS = 50;

/** Counts the values of one field. */
export class FacetCounter {
  readonly #mostDistinct: number;
  readonly #values = new Map<string, { readonly value: JsonValue; count: number }>();
  readonly #numbers = new NumberCounts();
  /** The numbers for the histogram, in parts. */
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
    const kept = numbers.filter((number) => !Number.isNaN(number));
    for (let i = 0; i < kept.length && !this.#isCut; i++) this.#numbers.add(kept[i] ?? 0, 1);
    this.#drawn.push(kept);
    this.count += kept.length;
    return kept.length;
  }

  result(): Omit<Facet, "field"> {
    const drawn = [...this.#drawn, Float64Array.from(this.#single)].filter(({ length }) => length > 0);
    const histogram = histogramOf(drawn);
    const sum = drawn.reduce((total, numbers) => total + numbers.reduce((one, other) => one + other, 0), 0);
    return {
      count: this.count,
      ...(this.#isCut
        ? { distinct: this.#mostDistinct, isDistinctCut: true, values: [] }
        : { distinct: this.#distinct, values: this.#mostFrequent() }),
      ...(histogram === undefined ? {} : { histogram, sum }),
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
    const values = [...this.#values.values()];
    for (const [number, count] of this.#numbers) values.push({ value: this.#valueOfNumber(number), count });
    return values
      .sort((one, other) => other.count - one.count || compareValues(one.value, other.value))
      .slice(0, MOST_VALUES);
  }
}

function histogramOf(parts: readonly Float64Array[]): Facet["histogram"] {
  const [first] = parts[0] ?? [];
  if (first === undefined) return undefined;
  let [min, max] = [first, first];
  for (const numbers of parts)
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] ?? 0;
      if (number < min) min = number;
      if (number > max) max = number;
    }
  const bins = new Array<number>(min === max ? 1 : BINS).fill(0);
  // The numbers are halved first, since their difference may be larger than the largest number.
  const range = max / 2 - min / 2;
  for (const numbers of parts)
    for (let i = 0; i < numbers.length; i++) {
      const share = min === max ? 0 : ((numbers[i] ?? 0) / 2 - min / 2) / range;
      const bin = Math.min(bins.length - 1, Math.floor(share * bins.length));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
  return { min, max, bins };
}
