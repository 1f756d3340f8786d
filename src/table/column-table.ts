import { InvalidColumnTableError } from "../errors/format-errors.ts";
import { type Column, type ColumnFor, makeColumn } from "./column.ts";
import { rowsFromColumns } from "./rows-from-table.ts";

/** So many rows become records at a time. */
const ROWS_AT_ONCE = 1024;

/**
 * A table in memory: columns of one length, each of one type. What all formats of tables write and read.
 *
 * Tables share the memory of the values that they were made of: change neither while the other is in use.
 *
 * @typeParam Row - one row as a plain record
 *
 * @example
 * ```ts
 * const table = tableFromRows([{ id: 1, name: "a" }, { id: 2, name: "b" }]);
 * table.column("id").values; // Float64Array [1, 2]
 * table.select(["name"]).slice(1).toRows(); // [{ name: "b" }]
 * ```
 */
export class ColumnTable<out Row extends object = Record<string, unknown>> {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** Only for the compiler: two tables of different rows are different types. */
  declare readonly rowType?: Row;

  /** Takes the columns as they are; see {@link assertColumnTable} for those of others. */
  constructor(columns: readonly Column[], rowCount: number) {
    this.columns = columns;
    this.rowCount = rowCount;
  }

  /**
   * One column, by its name.
   *
   * @throws {@link InvalidColumnTableError} where there is none of that name.
   */
  // Inferred from `this`: were Row a parameter of it, a table of narrower rows would be no table of wider ones.
  column<Self extends object, Name extends keyof Self & string>(
    this: ColumnTable<Self>,
    name: Name,
  ): ColumnFor<Self[Name]> {
    return this.#columnOf(name) as ColumnFor<Self[Name]>;
  }

  /**
   * A table of some columns, in the order asked for, without a copy.
   *
   * @throws {@link InvalidColumnTableError} where a name is asked for that is not there, or twice.
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
   * A table of some rows; numbers, dates and booleans are not copied.
   *
   * @param start - the first row; negative counts from the end, as in arrays. 0 by default.
   * @param end - the row after the last one; what lies beyond the table is left out. All by default.
   */
  slice(start = 0, end: number = this.rowCount): ColumnTable<Row> {
    const from = placeOf(start, this.rowCount);
    const to = Math.max(from, placeOf(end, this.rowCount));
    return new ColumnTable<Row>(
      this.columns.map((column) => sliceColumn(column, from, to)),
      to - from,
    );
  }

  /** The rows as plain records, one after the other: only some of them are in memory at a time. */
  *rows(): Generator<Row, void, undefined> {
    for (let start = 0; start < this.rowCount; start += ROWS_AT_ONCE)
      yield* this.#records(start, Math.min(start + ROWS_AT_ONCE, this.rowCount));
  }

  /** All rows as plain records. What a mark says is `null`, or no key. */
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
    throw new InvalidColumnTableError("table", [name], "is no column", `The columns are: ${names}.`);
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
