import type { CsvColumnType } from "./csv-cells.ts";

/** The delimiters, with their names in format ids. */
export const csvDelimiters = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe" } as const;

/** The character between the cells of a CSV file. */
export type CsvDelimiter = keyof typeof csvDelimiters;

/** The layout of a CSV file, which the file itself does not describe. */
export interface CsvLayout {
  readonly delimiter: CsvDelimiter;
  /**
   * The types of the columns by name, in the order of the columns. Without it all columns are text.
   */
  readonly columns?: ReadonlyMap<string, CsvColumnType> | undefined;
}

/** The line end of RFC 4180. */
export const CSV_LINE_END = "\r\n";
