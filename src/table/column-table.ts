import { InvalidColumnTableError } from "../errors/format-errors.ts";
import { type Column, type ColumnFor, makeColumn } from "./column.ts";
import { rowsFromColumns } from "./rows-from-table.ts";

/** The number of rows that become records at a time. */
const ROWS_AT_ONCE = 1024;

/**
 * A table in memory: columns of equal length, each of one type. All formats of tables write it and
 * read it.
 *
 * A table shares the memory of the values that it was made of: do not change either of them while
 * the other one is in use.
 *
 * @typeParam Row - one row as a plain record
 *
 * @example
 * ```ts
 * import { tableFromRows } from "persistable-ts/table";
 *
 * const table = tableFromRows([{ id: 1, name: "a" }, { id: 2, name: "b" }]);
 * table.column("id").values; // Float64Array [1, 2]
 * table.select(["name"]).slice(1).toRows(); // [{ name: "b" }]
 * ```
 */
export class ColumnTable<out Row extends object = Record<string, unknown>> {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** Only for the compiler: it makes tables with different rows different types. */
  declare readonly rowType?: Row;

  /**
   * Takes the columns without checking them. Check columns from elsewhere with
   * {@link assertColumnTable}.
   */
  constructor(columns: readonly Column[], rowCount: number) {
    this.columns = columns;
    this.rowCount = rowCount;
  }

  /**
   * Returns the column of this name.
   *
   * @throws {@link InvalidColumnTableError} if the table has no column of this name
   */
  // Inferred from `this`: if `Row` were in the signature, the compiler would refuse a table with
  // more columns where one with fewer is asked for.
  column<Self extends object, Name extends keyof Self & string>(
    this: ColumnTable<Self>,
    name: Name,
  ): ColumnFor<Self[Name]> {
    return this.#columnOf(name) as ColumnFor<Self[Name]>;
  }

  /**
   * Returns a table of some columns, in the order of the names. No values are copied.
   *
   * @throws {@link InvalidColumnTableError} if there is no column of a name, or if a name occurs
   * twice
   */
  select<Self extends object, Name extends keyof Self & string>(
    this: ColumnTable<Self>,
    names: readonly Name[],
  ): ColumnTable<Pick<Self, Name>> {
    const columns = names.map((name, i) => {
      if (names.indexOf(name) !== i)
        throw new InvalidColumnTableError("table", [name], "is selected twice", "Name each column once.");
      return this.#columnOf(name);
    });
    return new ColumnTable<Pick<Self, Name>>(columns, this.rowCount);
  }

  /**
   * Returns a table of some rows. Numbers, bigints, dates and booleans are not copied.
   *
   * @param start - the first row; a negative number counts from the end, as in arrays. Default 0.
   * @param end - the row after the last one, counted in the same way. Default: the number of rows.
   */
  slice(start = 0, end: number = this.rowCount): ColumnTable<Row> {
    const from = placeOf(start, this.rowCount);
    const to = Math.max(from, placeOf(end, this.rowCount));
    return new ColumnTable<Row>(
      this.columns.map((column) => sliceColumn(column, from, to)),
      to - from,
    );
  }

  /** Gives the rows as plain records, one after another. Only some are in memory at a time. */
  *rows(): Generator<Row, void, undefined> {
    for (let start = 0; start < this.rowCount; start += ROWS_AT_ONCE)
      yield* this.#records(start, Math.min(start + ROWS_AT_ONCE, this.rowCount));
  }

  /**
   * Returns all rows as plain records. Where a row has no value, its record has `null` or lacks the
   * key, as the mark says.
   */
  toRows(): Row[] {
    return this.#records(0, this.rowCount);
  }

  #records(start: number, end: number): Row[] {
    return rowsFromColumns(this.columns, start, end) as Row[];
  }

  #columnOf(name: string): Column {
    const column = this.columns.find((each) => each.name === name);
    if (column !== undefined) return column;
    const names = this.columns.map((each) => JSON.stringify(each.name)).join(", ");
    throw new InvalidColumnTableError("table", [name], "is not a column", `The columns are: ${names}.`);
  }
}

function placeOf(row: number, rowCount: number): number {
  const place = Math.trunc(row) || 0;
  return Math.min(Math.max(place < 0 ? rowCount + place : place, 0), rowCount);
}

function sliceColumn(column: Column, start: number, end: number): Column {
  const { name, type, values } = column;
  const part = ArrayBuffer.isView(values) ? values.subarray(start, end) : values.slice(start, end);
  const marks = column.marks?.subarray(start, end);
  return makeColumn(name, type, part, marks?.some((mark) => mark !== 0) === true ? marks : undefined);
}
