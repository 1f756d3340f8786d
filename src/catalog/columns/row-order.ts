/**
 * More changes than this are made together: the new rows are sorted with all others, and the rows
 * that are gone are left out of a copy.
 */
const FEW_ROWS = 64;

/** Keeps rows in order. A few changes are made in place, which is faster than sorting all rows. */
export class RowOrder {
  readonly #compare: (one: number, other: number) => number;
  #rows = new Int32Array(0);
  #length = 0;
  /** The first rows, which are in order already. */
  #known = 0;
  #gone = new Set<number>();

  /** @param compare - negative where the first row comes later than the second one */
  constructor(compare: (one: number, other: number) => number) {
    this.#compare = compare;
  }

  /** Leaves out a row from now on. */
  remove(row: number): void {
    this.#gone.add(row);
  }

  /** The rows 0 to `count - 1` in order, without those that are gone; valid until the next call. */
  of(count: number): Int32Array {
    const gone = this.#gone;
    this.#gone = new Set();
    if (gone.size > FEW_ROWS) this.#leaveOut(gone);
    else for (const row of gone) this.#cut(row);
    this.#reserve(count);
    if (count - this.#known > FEW_ROWS) this.#sort(count, gone);
    for (; this.#known < count; this.#known += 1) if (!gone.has(this.#known)) this.#insert(this.#known);
    return this.#rows.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const length = this.#length + count - this.#known;
    if (length <= this.#rows.length) return;
    const larger = new Int32Array(Math.ceil(length * 1.125) + FEW_ROWS);
    larger.set(this.#rows.subarray(0, this.#length));
    this.#rows = larger;
  }

  #leaveOut(gone: ReadonlySet<number>): void {
    const rows = this.#rows.subarray(0, this.#length).filter((row) => !gone.has(row));
    this.#rows.set(rows);
    this.#length = rows.length;
  }

  #cut(row: number): void {
    const place = this.#rows.subarray(0, this.#length).indexOf(row);
    if (place === -1) return;
    this.#rows.copyWithin(place, place + 1, this.#length);
    this.#length -= 1;
  }

  #sort(count: number, gone: ReadonlySet<number>): void {
    let isSorted = true;
    for (let row = this.#known; row < count; row++) {
      if (gone.has(row)) continue;
      if (this.#length > 0 && this.#compare(this.#rows[this.#length - 1] ?? 0, row) < 0) isSorted = false;
      this.#rows[this.#length++] = row;
    }
    if (!isSorted) this.#rows.subarray(0, this.#length).sort((one, other) => this.#compare(other, one));
    this.#known = count;
  }

  #insert(row: number): void {
    let [start, end] = [0, this.#length];
    // Most new rows come last.
    let middle = Math.max(0, end - 1);
    while (start < end) {
      if (this.#compare(this.#rows[middle] ?? 0, row) < 0) end = middle;
      else start = middle + 1;
      middle = (start + end) >> 1;
    }
    this.#rows.copyWithin(start + 1, start, this.#length);
    this.#rows[start] = row;
    this.#length += 1;
  }
}
