import type { ColumnTable } from "../../table/column-table.ts";
import type { Format } from "../format.ts";
import type { ColumnTypes } from "./declared-types.ts";

/** What every format of tables can be told. */
export interface TabularOptions {
  /** The payload is an array of plain records instead of a table. */
  readonly rows?: boolean | undefined;
}

/** What formats can be told whose files say the types of their columns. */
export interface TypedTabularOptions extends TabularOptions {
  /**
   * With `rows`: the types of columns that should not depend on the values of one payload, such as `{ id: "int32", note: "string" }`. They come first, and are there
   * in an empty payload, too. Other columns have the type that their values ask for.
   */
  readonly types?: ColumnTypes | undefined;
}

/** A format of tables, which also serves arrays of records: see `tabular`. */
export type TableCodec = Format<ColumnTable>;
