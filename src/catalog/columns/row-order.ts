/** More new rows than this are sorted together with all others. */
const FEW_ROWS = 64;

/** Keeps rows in order. A few new rows are inserted, which is faster than sorting all of them. */
export class RowOrder {
  readonly #compare: (one: number, other: number) => number;
  #rows = new Int32Array(0);
  #count = 0;

  /** @param compare - negative where the first row comes later than the second one */
  constructor(compare: (one: number, other: number) => number) {
    this.#compare = compare;
  }

  /** The rows 0 to `count - 1` in order. The array is valid until the next call. */
  of(count: number): Int32Array {
    if (count > this.#rows.length) {
      const larger = new Int32Array(Math.ceil(count * 1.125) + FEW_ROWS);
      larger.set(this.#rows.subarray(0, this.#count));
      this.#rows = larger;
    }
    if (count - this.#count > FEW_ROWS) this.#sort(count);
    for (; this.#count < count; this.#count += 1) this.#insert(this.#count);
    return this.#rows.subarray(0, count);
  }

  #sort(count: number): void {
    let isSorted = true;
    for (let row = this.#count; row < count; row++) {
      this.#rows[row] = row;
      if (row > 0 && this.#compare(this.#rows[row - 1] ?? 0, row) < 0) isSorted = false;
    }
    if (!isSorted) this.#rows.subarray(0, count).sort((one, other) => this.#compare(other, one));
    this.#count = count;
  }

  #insert(row: number): void {
    let [start, end] = [0, this.#count];
    // Most new rows come last.
    let middle = Math.max(0, end - 1);
    while (start < end) {
      if (this.#compare(this.#rows[middle] ?? 0, row) < 0) end = middle;
      else start = middle + 1;
      middle = (start + end) >> 1;
    }
    this.#rows.copyWithin(start + 1, start, this.#count);
    this.#rows[start] = row;
  }
}
