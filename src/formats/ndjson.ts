export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../errors/format-errors.ts";
export { DefinitionError } from "../errors/persistable-errors.ts";
export type { ColumnTypes, TypedRow } from "../format/declared-types.ts";
export {
  type NdjsonColumns,
  type NdjsonFormat,
  type NdjsonOptions,
  type NdjsonRow,
  type NdjsonRowsFormat,
  type NdjsonTableFormat,
  type NdjsonTypedOptions,
  ndjson,
} from "../format/ndjson-format.ts";
export type { CellOf, ColumnType } from "../table/column.ts";
