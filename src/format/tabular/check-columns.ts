import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { columnsOfStruct, isStructColumn } from "../../table/struct-columns.ts";
import { isNumberListColumn } from "../../table/typed-values.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { checkJson } from "../json/check-json.ts";
import { isTooLong } from "../text-limit.ts";
import { viewProblem } from "../view-problem.ts";
import { cellsOfType } from "./column-arrays.ts";

const BAD_NAME = ["has a name that is not Unicode text", "Use another name."] as const;
const STRUCTURED = "Use structured(), which keeps it.";

/**
 * Throws at the first cell that a format of typed columns with nulls cannot hold: an absent cell,
 * an invalid Date, text that is not Unicode, and a nested value that JSON would change.
 *
 * @throws {@link UnsupportedPayloadError} with the row and the column as its path
 */
export function checkColumns(format: string, { columns, rowCount }: ColumnTable): void {
  const { maxNodes } = defaultDecodeLimits;
  // A table that decoding would refuse by the default limits is not written either.
  if ((columns.length === 0 ? rowCount : listedCells(columns) * rowCount) > maxNodes)
    throw new UnsupportedPayloadError(
      format,
      [],
      `has more than ${maxNodes} cells that are not numbers`,
      "Store it in several parts.",
    );
  for (const column of columns) {
    const { name } = column;
    if (!name.isWellFormed()) throw new UnsupportedPayloadError(format, [name], ...BAD_NAME);
    checkMarks(format, column);
    checkValues(format, column);
  }
}

/** Returns how many values a row has that take an object or a text in memory. */
function listedCells(columns: readonly Column[]): number {
  return columns.reduce((sum, { type }) => sum + cellsOfType(type).listed, 0);
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

/** @param path - the name of the column, after those of the structs that it is a field of */
function checkValues(format: string, column: Column, path: readonly string[] = [column.name]): void {
  const { type, marks } = column;
  const each = <Value>(
    values: ArrayLike<Value>,
    problemOf: (value: Value) => readonly [string, string] | undefined,
  ) => {
    for (let row = 0; row < values.length; row++) {
      if (marks !== undefined && marks[row] !== MARK.present) continue;
      const problem = problemOf(values[row] as Value);
      if (problem !== undefined) throw new UnsupportedPayloadError(format, [row, ...path], ...problem);
    }
  };
  if (isStructColumn(column)) {
    for (const field of columnsOfStruct(column)) {
      if (!field.name.isWellFormed()) throw new UnsupportedPayloadError(format, [...path, field.name], ...BAD_NAME);
      checkValues(format, field, [...path, field.name]);
    }
  }
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
