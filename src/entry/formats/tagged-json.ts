export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
export { taggedJson } from "../../format/json/tagged-json-format.ts";
