import { DecodeError } from "../../errors/format-errors.ts";
import type { AnyFormat, Format, FormatFor } from "../format.ts";
import type { NpyArray } from "./npy-array.ts";
import { checkArray, checkShaped, decodeNpy, encodeNpy, type ShapedArray } from "./shaped-array.ts";

export type { ShapedArray } from "./shaped-array.ts";

/**
 * NumPy's format, for typed arrays, in little-endian order. Loading gives a view of the file's
 * bytes, without a copy. `np.load` reads the file, and this format reads the files of `np.save`:
 * arrays in Fortran order come in C order, big-endian numbers in the order of this machine,
 * booleans as a `Uint8Array` of 0 and 1, and half floats as a `Float16Array`, or a `Float32Array`
 * where Node has no such class.
 *
 * Format: NumPy Enhancement Proposal 1 and `numpy.lib.format`.
 */
export function npy(options?: { readonly shaped?: false }): FormatFor<NpyArray>;
export function npy(options: { readonly shaped: true }): FormatFor<ShapedArray>;
export function npy(options: { readonly shaped?: boolean } = {}): AnyFormat {
  return options.shaped === true ? shapedNpy() : flatNpy();
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
