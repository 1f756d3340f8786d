export { type FileOptions, file } from "../format/file-format.ts";
