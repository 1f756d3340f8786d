type Numbers = Float64Array | Int32Array | Uint32Array;

/** The second array has room for at least this many rows. */
const MIN_ROWS = 16;

/**
 * A number for each row, in two arrays. The first one may lie in the memory of an index file with a
 * million rows: it is never copied to make room for one more row, which the second array gets.
 */
export class RowNumbers<Values extends Numbers> {
  readonly #first: Values;
  #later: Values;
  readonly #create: (length: number) => Values;

  /** @param create - makes an array in which no row has a number yet */
  constructor(create: (length: number) => Values, first = create(0)) {
    this.#first = first;
    this.#later = create(0);
    this.#create = create;
  }

  /** `undefined` for a row that was never set and is not beside one that was. */
  at(row: number): number | undefined {
    const later = row - this.#first.length;
    return later < 0 ? this.#first[row] : this.#later[later];
  }

  /** Sets the number of a row that is not in the first array. */
  set(row: number, value: number): void {
    const later = row - this.#first.length;
    if (later >= this.#later.length) this.reserve(row + 1);
    this.#later[later] = value;
  }

  /** Makes room for this many rows. */
  reserve(rows: number): void {
    const length = rows - this.#first.length;
    if (length <= this.#later.length) return;
    const larger = this.#create(Math.max(MIN_ROWS, length, Math.ceil(this.#later.length * 1.5)));
    larger.set(this.#later);
    this.#later = larger;
  }

  /** Both arrays, and the row with which each begins. */
  parts(): readonly { readonly values: Values; readonly start: number }[] {
    return [
      { values: this.#first, start: 0 },
      { values: this.#later, start: this.#first.length },
    ];
  }
}
