export { directory } from "../../format/stored/directory-format.ts";
