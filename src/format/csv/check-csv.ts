import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { isTooLong, isTooLongInBase64 } from "../text-limit.ts";
import type { CsvLayout } from "./csv-layout.ts";

/**
 * Throws if a CSV file of this layout would not give the table back as it is.
 *
 * @throws {@link UnsupportedPayloadError}
 */
export function checkCsv({ columns, rowCount }: ColumnTable, { columns: declared }: CsvLayout): void {
  if (columns.length === 0 && rowCount > 0) refuse([], "has rows without columns", "Use json() or structured().");
  if (columns.length * (rowCount + 1) > defaultDecodeLimits.maxNodes)
    refuse([], `has more than ${defaultDecodeLimits.maxNodes} cells`, "Use parquet() or arrow().");
  const names = declared === undefined ? columns.map(({ name }) => name) : [...declared.keys()];
  for (const [i, column] of columns.entries()) {
    const { name, type } = column;
    if (declared?.has(name) === false)
      refuse([name], "is not a declared column", "Declare all columns, or select some.");
    if (names[i] !== name)
      refuse([name], "is not where it was declared", "Select the columns in their order: table.select([…]).");
    const wanted = declared === undefined ? "string" : declared.get(name);
    if (type !== wanted) refuseType(column, wanted ?? "string", declared !== undefined);
    if (!name.isWellFormed()) refuse([name], "is a name with a lone surrogate, which UTF-8 lacks", "Rename it.");
    checkCells(column);
  }
  const missing = names[columns.length];
  if (missing !== undefined)
    refuse([missing], "is declared, and the table lacks it", "Declare the columns that the table has.");
}

function refuseType({ name, type }: Column, wanted: string, isDeclared: boolean): never {
  const suggestion = isDeclared
    ? "Declare the type that it has."
    : `Declare the type of its cells: csv({ columns: { ${JSON.stringify(name)}: "${type === "value" ? "string" : type}", … } }); for nested or mixed values use ndjson() or structured().`;
  refuse([name], `is a column of type ${type}, not ${wanted}`, suggestion);
}

function checkCells({ name, type, values, marks }: Column): void {
  const absent = marks?.indexOf(MARK.absent) ?? -1;
  if (absent !== -1) refuse([absent, name], "is missing, and an empty cell means null", "Give null.");
  const problemOf = problemsIn(type);
  if (problemOf === undefined) return;
  for (let row = 0; row < values.length; row++) {
    if (marks !== undefined && marks[row] !== MARK.present) continue;
    const problem = problemOf(values[row]);
    if (problem !== undefined) refuse([row, name], ...problem);
  }
}

type Problem = readonly [what: string, suggestion: string] | undefined;

const TOO_LONG: Problem = ["takes more than 512 MiB as text", "Use structured(), or table()."];

/**
 * Returns a function that says what is wrong with a value, or `undefined` if every value of the
 * type can be written.
 */
function problemsIn(type: Column["type"]): ((value: unknown) => Problem) | undefined {
  if (type === "string") return (value) => (typeof value === "string" ? textProblem(value) : undefined);
  if (type === "date") return (value) => (Number.isNaN(value) ? ["is an invalid date", "Give null."] : undefined);
  if (type === "bytes")
    return (value) => (value instanceof Uint8Array && isTooLongInBase64(value) ? TOO_LONG : undefined);
  return undefined;
}

function textProblem(text: string): Problem {
  if (!text.isWellFormed())
    return ["has a lone surrogate, which UTF-8 lacks", "Use structured(), the default, which keeps it."];
  return isTooLong(text) ? TOO_LONG : undefined;
}

function refuse(path: readonly (string | number)[], what: string, suggestion: string): never {
  throw new UnsupportedPayloadError("csv", path, what, suggestion);
}
