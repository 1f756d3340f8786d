export { records } from "../../format/lines/records-format.ts";
