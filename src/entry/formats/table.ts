export { DefinitionError } from "../../errors/persistable-errors.ts";
export { type TableFormatOptions, table } from "../../format/table/table-format.ts";
export type { ColumnTypes, TypedRow } from "../../format/tabular/declared-types.ts";
