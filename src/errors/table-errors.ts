import { PersistableError } from "./persistable-error.ts";
import { formatPath, type ValuePath } from "./value-path.ts";

/**
 * Columns make no table, rows do not fit into columns, or a column that was asked for is not there. Nothing was written. Remedy: the message names the place and what would fit.
 *
 * @example
 * ```ts
 * tableFromRows([{ id: 1.5 }], { types: { id: "int32" } });
 * // rows[0].id is 1.5, which a column of type int32 cannot hold. …
 * ```
 */
export class InvalidColumnTableError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_COLUMN_TABLE" as const;
  /** Where in the table, or in the rows. */
  readonly path: ValuePath;

  /**
   * @param what - what stands there, as in "has 3 values where there are 4 rows"
   * @param suggestion - what to do
   */
  constructor(root: "table" | "rows", path: ValuePath, what: string, suggestion: string) {
    super(`${formatPath(root, path)} ${what}. ${suggestion}`);
    this.path = path;
  }
}
