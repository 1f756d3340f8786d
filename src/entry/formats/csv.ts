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
export type { CellOf } from "../../table/column.ts";
