export {
  CompressionUnavailableError,
  DecodeError,
  DecodeLimitError,
  InvalidColumnTableError,
  UnsupportedPayloadError,
} from "../../errors/format-errors.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export { DefinitionError } from "../../errors/persistable-errors.ts";
export { type ParquetCodec, type ParquetOptions, parquet } from "../../format/parquet/parquet-format.ts";
export type { ColumnTypes, TypedRow } from "../../format/tabular/declared-types.ts";
