export { byteStream } from "../../format/stored/byte-stream-format.ts";
