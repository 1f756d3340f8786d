export { type TableFormatOptions, table } from "../format/table-format.ts";
