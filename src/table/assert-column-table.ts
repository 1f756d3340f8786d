import { InvalidColumnTableError } from "../errors/format-errors.ts";
import type { ValuePath } from "../errors/value-path.ts";
import { fitsColumn } from "./cell-type.ts";
import { type Column, MARK } from "./column.ts";
import { ColumnTable } from "./column-table.ts";
import { describeCell } from "./describe-cell.ts";
import { bigintArrays, isBigintType, isColumnType, isNumberType, numberArrays } from "./typed-values.ts";

const MAX_DATE_MS = 8.64e15;
const COLUMN_KEYS = ["name", "type", "values", "marks"];

/** What is wrong with a table, and where: columns by their name. */
export type TableProblem = readonly [path: ValuePath, what: string];

/**
 * Throws unless it is a table whose parts fit each other: one length, names that differ, values that are what their column says.
 *
 * @throws {@link InvalidColumnTableError}
 */
export function assertColumnTable(table: unknown): asserts table is ColumnTable {
  const problem = columnTableProblem(table);
  if (problem !== undefined)
    throw new InvalidColumnTableError("table", ...problem, "Make tables with tableFromRows, or mend the column.");
}

/** The first thing that is wrong with a table. */
export function columnTableProblem(table: unknown): TableProblem | undefined {
  if (!(table instanceof ColumnTable) || Object.getPrototypeOf(table) !== ColumnTable.prototype)
    return [[], "is no ColumnTable"];
  const { columns, rowCount }: ColumnTable = table;
  if (!Number.isSafeInteger(rowCount) || rowCount < 0) return [["rowCount"], "is no whole number"];
  if (!Array.isArray(columns)) return [["columns"], "is no array"];
  const extra = Reflect.ownKeys(table).find((key) => key !== "columns" && key !== "rowCount");
  if (extra !== undefined) return [[String(extra)], "is no part of a table"];
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
  if (typeof column !== "object" || column === null) return [["columns", index], "is no column"];
  const { name, type }: { name?: unknown; type?: unknown } = column;
  if (typeof name !== "string") return [["columns", index, "name"], "is no text"];
  if (!isColumnType(type)) return [[name, "type"], "is no type of columns"];
  const extra = Reflect.ownKeys(column).find((key) => !COLUMN_KEYS.includes(String(key)));
  return extra === undefined ? undefined : [[name, String(extra)], "is no part of a column"];
}

function columnProblem(column: Column, rowCount: number): TableProblem | undefined {
  const { name, type, values, marks } = column;
  const List = isNumberType(type) ? numberArrays[type] : isBigintType(type) ? bigintArrays[type] : Array;
  if (typeof values !== "object" || values === null || Object.getPrototypeOf(values) !== List.prototype)
    return [[name, "values"], `is no ${List.name}, as a column of type ${type} has it`];
  if (values.length !== rowCount)
    return [[name, "values"], `has ${values.length} values where there are ${rowCount} rows`];
  return marksProblem(name, marks, rowCount) ?? valuesProblem(column);
}

function marksProblem(name: string, marks: unknown, rowCount: number): TableProblem | undefined {
  if (marks === undefined) return undefined;
  if (!(marks instanceof Uint8Array) || Object.getPrototypeOf(marks) !== Uint8Array.prototype)
    return [[name, "marks"], "is no Uint8Array"];
  const { length } = marks;
  if (length !== rowCount) return [[name, "marks"], `has ${length} marks where there are ${rowCount} rows`];
  const row = marks.findIndex((mark) => mark > MARK.absent);
  return row === -1 ? undefined : [[name, "marks", row], `is ${marks[row]}, which is no mark`];
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

/** How to tell wrong values, or what may be one, for types whose array does not see to it. */
function wrongIn(type: Column["type"]): ((value: unknown) => boolean) | undefined {
  if (type === "boolean") return (value) => value !== 0 && value !== 1;
  if (type === "date") return (value) => typeof value !== "number" || !isTime(value);
  if (type === "string") return (value) => typeof value !== "string";
  if (type === "value") return (value) => value === undefined;
  return type === "bytes" ? (value) => !fitsColumn("bytes", value) : undefined;
}

function isTime(ms: number): boolean {
  if (Number.isNaN(ms)) return true;
  return Number.isInteger(ms) && Math.abs(ms) <= MAX_DATE_MS && !Object.is(ms, -0);
}
