import type { ColumnType } from "./column.ts";
import { ColumnBuilder } from "./column-builder.ts";
import { ColumnTable } from "./column-table.ts";

/** Builds a table from rows that the caller reads one after another with `for in`. */
export class TableBuilder {
  readonly #rowCount: number;
  readonly #declared: ReadonlyMap<string, ColumnType>;
  readonly #columns: ColumnBuilder[] = [];
  readonly #byName = new Map<string, ColumnBuilder>();

  constructor(rowCount: number, declared: ReadonlyMap<string, ColumnType> = new Map()) {
    this.#rowCount = rowCount;
    this.#declared = declared;
  }

  get columnCount(): number {
    return this.#columns.length;
  }

  /**
   * The column of a key. `for in` goes through objects of one shape without a list of their keys,
   * and if a row has its keys in the same order as the rows before, no key is looked up.
   *
   * Undefined for a key that the row does not have itself, since `for in` also gives keys that were
   * added to Object.prototype.
   */
  columnAt(position: number, key: string, row: object): ColumnBuilder | undefined {
    const expected = this.#columns[position];
    if (expected?.name === key) return expected;
    return Object.hasOwn(row, key) ? this.#columnOf(key) : undefined;
  }

  /** Returns the table. Declared columns that no row has are in it, too. */
  finish<Row extends object = Record<string, unknown>>(): ColumnTable<Row> {
    for (const name of this.#declared.keys()) this.#columnOf(name);
    return new ColumnTable<Row>(
      this.#columns.map((column) => column.finish()),
      this.#rowCount,
    );
  }

  #columnOf(name: string): ColumnBuilder {
    let column = this.#byName.get(name);
    if (column === undefined) {
      column = new ColumnBuilder(name, this.#rowCount, this.#declared.get(name));
      this.#byName.set(name, column);
      this.#columns.push(column);
    }
    return column;
  }
}
