import type { ColumnType } from "../../table/column.ts";
import type { Budget } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import type { PhysicalValues } from "./encodings.ts";
import type { ParquetElement } from "./footer.ts";

/** The values of a column of a table. */
export type LogicalValues = ArrayLike<number> | ArrayLike<bigint> | readonly unknown[];

/** How the values of one column of a file are converted to a column of this library. */
export interface ColumnReading {
  readonly type: ColumnType;
  /** Whether every row is null, no matter which values the pages hold. */
  readonly isNull?: boolean;
  /** Whether several rows may share one value, such as the same value of a dictionary. */
  readonly shareable: boolean;
  /** For a column of lists: how the numbers in them are read. `convert` is not called then. */
  readonly item?: ColumnReading;
  /** For a column of structs: how its fields are read. `convert` is not called then. */
  readonly fields?: readonly ParquetField[];
  convert(values: PhysicalValues, context: ConvertContext): LogicalValues;
}

/** A field of structs, or a column, and how it is read. */
export interface ParquetField {
  readonly element: ParquetElement;
  readonly reading: ColumnReading;
}

export interface ConvertContext {
  readonly budget: Budget;
  readonly limits: DecodeLimits;
}
