import type { ReactNode } from "react";

/** One column of a table: its text is what is exported, sorted and searched. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly text: (row: Row) => string;
  /** How a cell looks, where that is more than its text. */
  readonly show?: (row: Row) => ReactNode;
  /** The value to sort by where the text is not in order: numbers, times. */
  readonly order?: (row: Row) => number | string | undefined;
  readonly isNumeric?: boolean;
  /** In pixels. */
  readonly width?: number;
}
