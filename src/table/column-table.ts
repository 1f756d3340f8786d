import type { Column } from "./column.ts";

/**
 * A table in memory: columns of one length, each of one type. What all formats of tables write and read.
 *
 * @typeParam Row - one row as a plain record
 */
export class ColumnTable<Row extends object = Record<string, unknown>> {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** Only for the compiler: two tables of different rows are different types. */
  declare readonly rowType?: Row;

  constructor(columns: readonly Column[], rowCount: number) {
    this.columns = columns;
    this.rowCount = rowCount;
  }
}
