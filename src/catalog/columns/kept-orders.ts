import type { SortField } from "../query/sort-entries.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { FoundRows } from "./found-rows.ts";
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
  /** The revision of the columns that the orders are of. */
  #revision = 0;

  constructor(columns: EntryColumns) {
    this.#columns = columns;
  }

  /** @param newest - the newest first */
  sort(newest: FoundRows, fields: readonly SortField[]): FoundRows {
    if (fields.length === 0) return newest;
    if (newest.count < this.#columns.size * SHARE)
      return new FoundRows(sortRows(this.#columns, newest.toArray(), fields));
    return newest.inOrder(this.#orderOf(fields));
  }

  #orderOf(fields: readonly SortField[]): Int32Array {
    if (this.#revision !== this.#columns.revision) this.#orders.clear();
    this.#revision = this.#columns.revision;
    const key = JSON.stringify(fields);
    const order = this.#orders.get(key) ?? sortRows(this.#columns, this.#columns.oldestFirst().toReversed(), fields);
    this.#orders.delete(key);
    this.#orders.set(key, order);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size > MOST_ORDERS && oldest !== undefined) this.#orders.delete(oldest);
    return order;
  }
}
