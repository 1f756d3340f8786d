export { type RecordsFormat, records } from "../../format/lines/records-format.ts";
