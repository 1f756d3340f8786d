export {
  DecodeError,
  DecodeLimitError,
  InvalidColumnTableError,
  UnsupportedPayloadError,
} from "../../errors/format-errors.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export { arrow } from "../../format/arrow/arrow-format.ts";
export type { ColumnTypes, TypedRow } from "../../format/tabular/declared-types.ts";
export type {
  TabularOptions,
  TypedTabularOptions,
} from "../../format/tabular/tabular.ts";
