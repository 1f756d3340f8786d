import { DecodeError, InvalidColumnTableError } from "../../errors/format-errors.ts";
import type { TableSelection } from "../format.ts";

/** Which columns and rows of a table a selection means. */
export interface ResolvedSelection {
  /** In the order asked for. */
  readonly columnIndexes: readonly number[];
  readonly start: number;
  /** Exclusive, and not before `start`. */
  readonly end: number;
}

/**
 * What a selection means in a table of these columns.
 *
 * @throws {@link DecodeError} for a table with two columns of one name, {@link InvalidColumnTableError} for a column that is not there, or that is asked for twice
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
            throw new InvalidColumnTableError("table", [name], "is no column", `The columns are: ${known}.`);
          }
          return index;
        });
  const start = clamp(rows?.start ?? 0, rowCount);
  return { columnIndexes, start, end: Math.max(start, clamp(rows?.end ?? rowCount, rowCount)) };
}

function clamp(row: number, rowCount: number): number {
  return Math.min(Math.max(Math.trunc(row) || 0, 0), rowCount);
}
