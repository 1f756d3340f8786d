export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
export { MissingPeerError } from "../../errors/peer-errors.ts";
export { msgpack } from "../../format/msgpack/msgpack-format.ts";
