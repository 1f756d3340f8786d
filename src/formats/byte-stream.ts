export { type ByteStreamFormat, byteStream } from "../format/byte-stream-format.ts";
