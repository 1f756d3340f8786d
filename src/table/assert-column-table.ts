import { InvalidColumnTableError } from "../errors/format-errors.ts";
import type { ValuePath } from "../errors/value-path.ts";
import { fitsColumn } from "./cell-type.ts";
import { type Column, MARK } from "./column.ts";
import { ColumnTable } from "./column-table.ts";
import { describeCell } from "./describe-cell.ts";
import { isExactTextType } from "./exact-text.ts";
import { isStructType } from "./struct-type.ts";
import {
  bigintArrays,
  isBigintType,
  isColumnType,
  isNumberListType,
  isNumberType,
  numberArrays,
} from "./typed-values.ts";

const MAX_DATE_MS = 8.64e15;
const COLUMN_KEYS = ["name", "type", "values", "marks"];

/** A problem of a table: the path to it, with columns by their name, and what is wrong there. */
export type TableProblem = readonly [path: ValuePath, what: string];

/**
 * Throws unless the value is a table whose parts fit each other: all columns have one length, their
 * names differ, and their values match their types.
 *
 * @throws {@link InvalidColumnTableError} with the first problem
 *
 * @example
 * ```ts
 * import { assertColumnTable, tableFromRows } from "persistable-ts/table";
 *
 * const received: unknown = tableFromRows([{ id: 1 }]);
 * assertColumnTable(received);
 * console.log(received.rowCount); // 1
 * ```
 */
export function assertColumnTable(table: unknown): asserts table is ColumnTable {
  const problem = columnTableProblem(table);
  if (problem !== undefined)
    throw new InvalidColumnTableError("table", ...problem, "Make tables with tableFromRows, or correct the column.");
}

/** The first problem of a table; undefined if it has none. */
export function columnTableProblem(table: unknown): TableProblem | undefined {
  if (!(table instanceof ColumnTable) || Object.getPrototypeOf(table) !== ColumnTable.prototype)
    return [[], "is not a ColumnTable"];
  const { columns, rowCount }: ColumnTable = table;
  if (!Number.isSafeInteger(rowCount) || rowCount < 0) return [["rowCount"], "is not a whole number"];
  if (!Array.isArray(columns)) return [["columns"], "is not an array"];
  const extra = Reflect.ownKeys(table).find((key) => key !== "columns" && key !== "rowCount");
  if (extra !== undefined) return [[String(extra)], "is not a part of a table"];
  const names = new Set<string>();
  for (const [i, column] of columns.entries()) {
    const problem = shapeProblem(column, i) ?? columnProblem(column, rowCount);
    if (problem !== undefined) return problem;
    if (names.has(column.name))
      return [["columns", i], `has the name of another column, ${JSON.stringify(column.name)}`];
    names.add(column.name);
  }
  return undefined;
}

function shapeProblem(column: unknown, index: number): TableProblem | undefined {
  if (typeof column !== "object" || column === null) return [["columns", index], "is not a column"];
  const { name, type }: { name?: unknown; type?: unknown } = column;
  if (typeof name !== "string") return [["columns", index, "name"], "is not a string"];
  if (!isColumnType(type)) return [[name, "type"], "is not a column type"];
  const extra = Reflect.ownKeys(column).find((key) => !COLUMN_KEYS.includes(String(key)));
  return extra === undefined ? undefined : [[name, String(extra)], "is not a part of a column"];
}

function columnProblem(column: Column, rowCount: number): TableProblem | undefined {
  const { name, type, values, marks } = column;
  const List = isNumberType(type) ? numberArrays[type] : isBigintType(type) ? bigintArrays[type] : Array;
  if (typeof values !== "object" || values === null || Object.getPrototypeOf(values) !== List.prototype)
    return [[name, "values"], `is not an instance of ${List.name}, which a column of type ${type} needs`];
  if (values.length !== rowCount)
    return [[name, "values"], `has ${values.length} values where there are ${rowCount} rows`];
  return marksProblem(name, marks, rowCount) ?? valuesProblem(column);
}

function marksProblem(name: string, marks: unknown, rowCount: number): TableProblem | undefined {
  if (marks === undefined) return undefined;
  if (!(marks instanceof Uint8Array) || Object.getPrototypeOf(marks) !== Uint8Array.prototype)
    return [[name, "marks"], "is not a Uint8Array"];
  const { length } = marks;
  if (length !== rowCount) return [[name, "marks"], `has ${length} marks where there are ${rowCount} rows`];
  const row = marks.findIndex((mark) => mark > MARK.absent);
  return row === -1 ? undefined : [[name, "marks", row], `is ${marks[row]}, which is not a mark`];
}

function valuesProblem({ name, type, values, marks }: Column): TableProblem | undefined {
  const isWrong = wrongIn(type);
  if (isWrong === undefined) return undefined;
  for (let row = 0; row < values.length; row++) {
    if (!isWrong(values[row]) || (marks !== undefined && marks[row] !== MARK.present)) continue;
    if (type !== "value")
      return [[name, "values", row], `is ${describeCell(values[row])}, in a column of type ${type}`];
    if (!Object.hasOwn(values, row)) return [[name, "values", row], "is a hole"];
  }
  return undefined;
}

/**
 * Returns a test that finds the values which do not match a type; undefined if the array of the
 * type cannot hold such values. For the type `value`, any undefined value may be a hole of the
 * array: the caller has to look.
 */
function wrongIn(type: Column["type"]): ((value: unknown) => boolean) | undefined {
  if (type === "boolean") return (value) => value !== 0 && value !== 1;
  if (type === "date") return (value) => typeof value !== "number" || !isTime(value);
  if (type === "string") return (value) => typeof value !== "string";
  if (type === "value") return (value) => value === undefined;
  if (type === "bytes" || isNumberListType(type) || isExactTextType(type) || isStructType(type))
    return (value) => !fitsColumn(type, value);
  return undefined;
}

function isTime(ms: number): boolean {
  if (Number.isNaN(ms)) return true;
  return Number.isInteger(ms) && Math.abs(ms) <= MAX_DATE_MS && !Object.is(ms, -0);
}
