export { directory } from "../format/directory-format.ts";
