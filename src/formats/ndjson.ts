export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../errors/format-errors.ts";
export { DefinitionError } from "../errors/persistable-errors.ts";
export {
  type NdjsonColumns,
  type NdjsonFormat,
  type NdjsonOptions,
  type NdjsonRow,
  type NdjsonRowsFormat,
  type NdjsonTableFormat,
  ndjson,
} from "../format/ndjson-format.ts";
export type { CellOf, ColumnType } from "../table/column.ts";
