export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export type { CsvColumnType } from "../../format/csv/csv-cells.ts";
export {
  type CsvColumns,
  type CsvOptions,
  type CsvRow,
  csv,
} from "../../format/csv/csv-format.ts";
export type { CsvDelimiter } from "../../format/csv/csv-layout.ts";
export type { CsvSource } from "../../format/csv/csv-source.ts";
export type { DecimalMark } from "../../format/csv/lenient-cells.ts";
export {
  type CsvProblem,
  type CsvRowsOptions,
  csvRows,
  type ReadCsv,
  type ReadCsvOptions,
  readCsv,
} from "../../format/csv/read-csv.ts";
export type { FileSource } from "../../format/read-file-source.ts";
export type { CellOf } from "../../table/column.ts";
