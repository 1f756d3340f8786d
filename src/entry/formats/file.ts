export { type FileOptions, file } from "../../format/stored/file-format.ts";
