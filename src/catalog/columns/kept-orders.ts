import type { SortField } from "../query/sort-entries.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { sortRows } from "./sort-rows.ts";

/** Each order takes four bytes for every row. */
const MOST_ORDERS = 8;
/** Fewer rows than this share of all are sorted by themselves. */
const SHARE = 1 / 16;

/**
 * Keeps the orders of all rows that were asked for last: the next window in the same order, of the
 * same query or another one, needs no sorting.
 */
export class KeptOrders {
  readonly #columns: EntryColumns;
  readonly #orders = new Map<string, Int32Array>();
  /** The rows that the orders are of. */
  #count = 0;

  constructor(columns: EntryColumns) {
    this.#columns = columns;
  }

  /**
   * Returns the marked rows in an order.
   *
   * @param newest - the marked rows, the newest first
   */
  sort(newest: Int32Array, marks: Uint8Array, fields: readonly SortField[]): Int32Array {
    if (fields.length === 0) return newest;
    const all = this.#columns.oldestFirst();
    if (newest.length < all.length * SHARE) return sortRows(this.#columns, newest, fields);
    const order = this.#orderOf(all, fields);
    const rows = new Int32Array(newest.length);
    let next = 0;
    for (let i = 0; i < order.length; i++) {
      const row = order[i] ?? 0;
      if (marks[row] === 1) rows[next++] = row;
    }
    return rows;
  }

  #orderOf(all: Int32Array, fields: readonly SortField[]): Int32Array {
    if (this.#count !== all.length) this.#orders.clear();
    this.#count = all.length;
    const key = JSON.stringify(fields);
    const order = this.#orders.get(key) ?? sortRows(this.#columns, all.toReversed(), fields);
    this.#orders.delete(key);
    this.#orders.set(key, order);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size > MOST_ORDERS && oldest !== undefined) this.#orders.delete(oldest);
    return order;
  }
}
