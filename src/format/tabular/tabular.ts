import type { ColumnTable } from "../../table/column-table.ts";
import type { Format } from "../format.ts";
import type { ColumnTypes } from "./declared-types.ts";

/** Options that every format of tables has. */
export interface TabularOptions {
  /** Whether the payload is an array of plain records instead of a table. */
  readonly rows?: boolean | undefined;
}

/** Options of formats whose files name the types of their columns. */
export interface TypedTabularOptions extends TabularOptions {
  /**
   * With `rows`: the types of columns that should not depend on the values of one payload, such as
   * `{ id: "int32", note: "string" }`. These columns come first, and an empty payload has them too.
   * The type of every other column follows from its values.
   */
  readonly types?: ColumnTypes | undefined;
}

/** The codec of a format of tables, from which `tabular` also makes a format of records. */
export type TableCodec = Format<ColumnTable>;
