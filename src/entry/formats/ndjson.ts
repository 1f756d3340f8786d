export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export {
  type NdjsonColumns,
  type NdjsonOptions,
  type NdjsonRow,
  type NdjsonTypedOptions,
  ndjson,
} from "../../format/lines/ndjson-format.ts";
export type { ColumnTypes, TypedRow } from "../../format/tabular/declared-types.ts";
export type { CellOf, ColumnType } from "../../table/column.ts";
