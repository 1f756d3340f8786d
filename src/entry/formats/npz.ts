export { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
export type { NpyArray } from "../../format/npy/npy-array.ts";
export { type NpzOptions, type NpzPayload, npz } from "../../format/npy/npz-format.ts";
export type { ShapedArray } from "../../format/npy/shaped-array.ts";
