export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../errors/format-errors.ts";
export { MissingPeerError } from "../errors/peer-errors.ts";
export { InvalidColumnTableError } from "../errors/table-errors.ts";
export { arrow } from "../format/arrow-format.ts";
export type { ColumnTableFormat, RowsFormat, TabularOptions } from "../format/tabular.ts";
