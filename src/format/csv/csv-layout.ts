import type { CsvColumnType } from "./csv-cells.ts";

/** What may stand between cells, and what format ids call it. */
export const csvDelimiters = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" } as const;

export type CsvDelimiter = keyof typeof csvDelimiters;

/** What a CSV file does not say of itself. */
export interface CsvLayout {
  readonly delimiter: CsvDelimiter;
  /** By name, in their order; all columns are text without. */
  readonly columns?: ReadonlyMap<string, CsvColumnType> | undefined;
}

/** As RFC 4180 has it. */
export const CSV_LINE_END = "\r\n";
