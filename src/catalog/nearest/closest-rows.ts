import { numericDistance } from "./numeric-distance.ts";

/**
 * Returns the rows in order. The rows of a sweep often are in order already, and checking that is
 * faster than sorting.
 */
function sorted(rows: Int32Array, compare: (one: number, other: number) => number): Int32Array {
  const isSorted = rows.every((row, place) => place === 0 || compare(rows[place - 1] ?? 0, row) <= 0);
  return isSorted ? rows : rows.sort(compare);
}

/**
 * Rows that differ in one column only. It finds the row with the closest number in that column,
 * without looking at all rows.
 */
export class ClosestRows {
  /** How many rows the table had when these were gathered. */
  readonly count: number;
  readonly size: number;
  readonly #byNumber: Int32Array;
  /** The numbers of these rows, in ascending order. */
  readonly #numbers: Float64Array;
  readonly #newestFirst: Int32Array;

  /**
   * @param numberOf - the number of a row in that column; NaN if it has none
   * @param compareAges - negative where the first row is newer
   */
  constructor(
    rows: readonly number[],
    count: number,
    numberOf: (row: number) => number,
    compareAges: (one: number, other: number) => number,
  ) {
    this.count = count;
    this.size = rows.length;
    this.#newestFirst = sorted(Int32Array.from(rows), compareAges);
    const numbered = this.#newestFirst.filter((row) => !Number.isNaN(numberOf(row))).reverse();
    this.#byNumber = sorted(numbered, (one, other) => numberOf(one) - numberOf(other));
    this.#numbers = Float64Array.from(this.#byNumber, numberOf);
  }

  /** Any of the rows. */
  get first(): number {
    return this.#newestFirst[0] ?? 0;
  }

  /**
   * Yields the rows that may be the closest one: those with the next numbers on both sides, and the
   * newest row.
   */
  *candidates(number: number, isExcluded: (row: number) => boolean): Generator<number> {
    const newest = this.#newestFirst.find((row) => !isExcluded(row));
    if (newest !== undefined) yield newest;
    if (Number.isNaN(number)) return;
    const place = this.#placeOf(number);
    yield* this.#walk(place, 1, number, isExcluded);
    yield* this.#walk(place - 1, -1, number, isExcluded);
  }

  /** The rows with the next number in one direction. */
  *#walk(start: number, step: 1 | -1, number: number, isExcluded: (row: number) => boolean): Generator<number> {
    let distance: number | undefined;
    for (let place = start; place >= 0 && place < this.#numbers.length; place += step) {
      const row = this.#byNumber[place] ?? 0;
      const own = numericDistance(number, this.#numbers[place] ?? 0);
      // At distance 1, a row is as far away as all others, so only its age counts.
      if (own >= 1 || (distance !== undefined && own > distance)) return;
      if (isExcluded(row)) continue;
      distance = own;
      yield row;
    }
  }

  /** The place of the first number that is not below this one. */
  #placeOf(number: number): number {
    let [start, end] = [0, this.#numbers.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((this.#numbers[middle] ?? 0) < number) start = middle + 1;
      else end = middle;
    }
    return start;
  }
}
