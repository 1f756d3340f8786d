import { DecodeError } from "../../errors/format-errors.ts";
import type { DecodeLimits, Format } from "../format.ts";
import type { NpyArray } from "./npy-array.ts";
import { checkArray, checkShaped, decodeNpy, encodeNpy, type ShapedArray } from "./shaped-array.ts";

export type { ShapedArray } from "./shaped-array.ts";

/**
 * NumPy's format, for typed arrays, little-endian; loading gives a view of the file's bytes, without a copy. `np.load` reads the file, and we read what `np.save` wrote, in C order and little-endian.
 * Format: NumPy Enhancement Proposal 1 and `numpy.lib.format`.
 *
 * @example
 * ```ts
 * definePersistable({ name: "points", generate: () => Float64Array.of(1, 2, 3), format: npy() });
 * definePersistable({ name: "matrix", generate: () => ({ data: new Float32Array(6), shape: [2, 3] }), format: npy({ shaped: true }) });
 * ```
 */
export function npy(options?: { readonly shaped?: false }): NpyFormat;
export function npy(options: { readonly shaped: true }): ShapedNpyFormat;
export function npy(options: { readonly shaped?: boolean } = {}): NpyFormat | ShapedNpyFormat {
  return options.shaped === true ? (shapedNpy() as ShapedNpyFormat) : (flatNpy() as NpyFormat);
}

/** Serves as a `Format` of any typed array that NumPy has a type for. */
export interface NpyFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: NpyArray): void | Promise<void>;
  encode(payload: NpyArray): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Data extends NpyArray>(bytes: Uint8Array, limits: DecodeLimits): Data | Promise<Data>;
}

/** Serves as a `Format` of typed arrays with their shape. */
export interface ShapedNpyFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: ShapedArray): void | Promise<void>;
  encode(payload: ShapedArray): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Data extends NpyArray>(
    bytes: Uint8Array,
    limits: DecodeLimits,
  ): ShapedArray<Data> | Promise<ShapedArray<Data>>;
}

function flatNpy(): Format<NpyArray> {
  return {
    id: "npy",
    extension: ".npy",
    inline: false,
    check: (payload) => checkArray("npy", payload, []),
    encode: (payload) => encodeNpy(payload, [payload.length]),
    decode(bytes, limits) {
      const { data, shape } = decodeNpy(bytes, limits);
      if (shape.length !== 1)
        throw new DecodeError(
          "npy",
          `they hold an array of shape (${shape.join(", ")}): load it with npy({ shaped: true })`,
        );
      return data;
    },
  };
}

function shapedNpy(): Format<ShapedArray> {
  return {
    id: "npy(shaped)",
    extension: ".npy",
    inline: false,
    check: (payload) => checkShaped("npy(shaped)", payload, []),
    encode: ({ data, shape }) => encodeNpy(data, shape),
    decode: decodeNpy,
  };
}
