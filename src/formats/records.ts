export { type RecordsFormat, records } from "../format/records-format.ts";
