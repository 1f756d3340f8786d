import { DecodeError, InvalidColumnTableError } from "../../errors/format-errors.ts";
import type { TableSelection } from "../format.ts";

/** The columns and rows of a table that a selection means. */
export interface ResolvedSelection {
  /** The indexes of the columns, in the order in which the selection names them. */
  readonly columnIndexes: readonly number[];
  readonly start: number;
  /** The row after the last one, never before `start`. */
  readonly end: number;
}

/**
 * Determines the columns and rows that a selection means in a table of these columns.
 *
 * @throws {@link DecodeError} for a table with two columns of the same name
 * @throws {@link InvalidColumnTableError} for a column that does not exist, or is selected twice
 */
export function resolveSelection(
  format: string,
  names: readonly string[],
  rowCount: number,
  { columns, rows }: TableSelection,
): ResolvedSelection {
  const twice = columns?.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InvalidColumnTableError("table", [twice], "is selected twice", "Name each column once.");
  const byName = new Map(names.map((name, i) => [name, i]));
  if (byName.size !== names.length) throw new DecodeError(format, "two of their columns have the same name");
  const columnIndexes =
    columns === undefined
      ? [...names.keys()]
      : columns.map((name) => {
          const index = byName.get(name);
          if (index === undefined) {
            const known = names.map((each) => JSON.stringify(each)).join(", ");
            throw new InvalidColumnTableError("table", [name], "is not a column", `The columns are: ${known}.`);
          }
          return index;
        });
  const start = clamp(rows?.start ?? 0, rowCount);
  return { columnIndexes, start, end: Math.max(start, clamp(rows?.end ?? rowCount, rowCount)) };
}

function clamp(row: number, rowCount: number): number {
  return Math.min(Math.max(Math.trunc(row) || 0, 0), rowCount);
}
