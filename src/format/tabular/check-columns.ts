import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { isNumberListColumn } from "../../table/typed-values.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { checkJson } from "../json/check-json.ts";
import { isTooLong } from "../text-limit.ts";
import { viewProblem } from "../view-problem.ts";
import { isNumericColumnType } from "./column-arrays.ts";

const STRUCTURED = "Use structured(), which keeps it.";

/**
 * Throws at the first cell that a format of typed columns with nulls cannot hold: an absent cell,
 * an invalid Date, text that is not Unicode, and a nested value that JSON would change.
 *
 * @throws {@link UnsupportedPayloadError} with the row and the column as its path
 */
export function checkColumns(format: string, { columns, rowCount }: ColumnTable): void {
  const { maxNodes } = defaultDecodeLimits;
  const listed = columns.filter(({ type }) => !isNumericColumnType(type));
  // A table that decoding would refuse by the default limits is not written either.
  if ((columns.length === 0 ? rowCount : listed.length * rowCount) > maxNodes)
    throw new UnsupportedPayloadError(
      format,
      [],
      `has more than ${maxNodes} cells that are not numbers`,
      "Store it in several parts.",
    );
  for (const column of columns) {
    const { name } = column;
    if (!name.isWellFormed())
      throw new UnsupportedPayloadError(format, [name], "has a name that is not Unicode text", "Use another name.");
    checkMarks(format, column);
    checkValues(format, column);
  }
}

function checkMarks(format: string, { name, marks }: Column): void {
  const row = marks?.findIndex((mark) => mark > MARK.null) ?? -1;
  if (row >= 0)
    throw new UnsupportedPayloadError(
      format,
      [row, name],
      "is absent, while other rows have it",
      "Give null in its place, or use a format that keeps rows as they are, such as ndjson().",
    );
}

function checkValues(format: string, column: Column): void {
  const { name, type, marks } = column;
  const each = <Value>(
    values: ArrayLike<Value>,
    problemOf: (value: Value) => readonly [string, string] | undefined,
  ) => {
    for (let row = 0; row < values.length; row++) {
      if (marks !== undefined && marks[row] !== MARK.present) continue;
      const problem = problemOf(values[row] as Value);
      if (problem !== undefined) throw new UnsupportedPayloadError(format, [row, name], ...problem);
    }
  };
  if (type === "date") each(column.values, dateProblem);
  else if (type === "string") each(column.values, textProblem);
  else if (type === "bytes") each<ArrayBufferView>(column.values, viewedProblem);
  else if (isNumberListColumn(column)) each<ArrayBufferView>(column.values, viewedProblem);
  else if (type === "value") checkNested(format, column);
}

type Problem = readonly [what: string, suggestion: string] | undefined;

function dateProblem(value: number): Problem {
  return Number.isNaN(value) ? ["is an invalid Date", "Give null in its place."] : undefined;
}

function textProblem(value: string): Problem {
  if (!value.isWellFormed()) return ["has half of a surrogate pair", STRUCTURED];
  return isTooLong(value) ? ["takes more than 512 MiB as UTF-8", "Use structured(), or table()."] : undefined;
}

/** The largest cell: the writers of Parquet and Arrow count bytes in 32 bits. */
const MAX_CELL_BYTES = 2 ** 30;

function viewedProblem(value: ArrayBufferView): Problem {
  if (value.byteLength > MAX_CELL_BYTES) return ["is larger than 1 GiB", "Use structured(), or bytes()."];
  return viewProblem(value);
}

function checkNested(format: string, { name, values, marks }: Column & { readonly type: "value" }): void {
  for (const [row, value] of values.entries()) {
    if (marks !== undefined && marks[row] !== MARK.present) continue;
    try {
      checkJson(value);
    } catch (cause) {
      if (!(cause instanceof UnsupportedPayloadError)) throw cause;
      const what = "is something that JSON would change, and nested values are written as JSON";
      throw new UnsupportedPayloadError(format, [row, name, ...cause.path], what, STRUCTURED);
    }
  }
}
