import { countMarks } from "./find-rows.ts";

/**
 * Some rows in an order. They are looked up as far as the caller asks for them: of a million rows,
 * the newest 50 are ready at once.
 */
export class FoundRows {
  readonly count: number;
  readonly #order: Int32Array;
  readonly #isReversed: boolean;
  readonly #marks: Uint8Array | undefined;
  readonly #found: number[] = [];
  /** How many rows of the order were looked at. */
  #seen = 0;

  /**
   * @param order - rows in order, with others between them
   * @param marks - the rows that are meant have the mark 1; absent if all are meant
   */
  constructor(order: Int32Array, marks?: Uint8Array, isReversed = false) {
    this.#order = order;
    this.#marks = marks;
    this.#isReversed = isReversed;
    this.count = marks === undefined ? order.length : countMarks(marks);
  }

  at(place: number): number {
    if (this.#marks === undefined) return this.#rowAt(place);
    while (this.#found.length <= place && this.#seen < this.#order.length) {
      const row = this.#rowAt(this.#seen++);
      if (this.#marks[row] === 1) this.#found.push(row);
    }
    return this.#found[place] ?? 0;
  }

  toArray(): Int32Array {
    const rows = new Int32Array(this.count);
    for (let seen = 0, next = 0; next < rows.length && seen < this.#order.length; seen++) {
      const row = this.#rowAt(seen);
      if (this.#marks === undefined || this.#marks[row] === 1) rows[next++] = row;
    }
    return rows;
  }

  /** The same rows in another order. */
  inOrder(order: Int32Array): FoundRows {
    return new FoundRows(order, this.#marks);
  }

  #rowAt(seen: number): number {
    return this.#order[this.#isReversed ? this.#order.length - 1 - seen : seen] ?? 0;
  }
}
