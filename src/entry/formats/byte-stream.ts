export { type ByteStreamFormat, byteStream } from "../../format/stored/byte-stream-format.ts";
