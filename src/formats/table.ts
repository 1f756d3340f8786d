export { DefinitionError } from "../errors/persistable-errors.ts";
export type { ColumnTypes, TypedRow } from "../format/declared-types.ts";
export { type TableFormatOptions, table } from "../format/table-format.ts";
export type { TypedRowsFormat } from "../format/tabular.ts";
