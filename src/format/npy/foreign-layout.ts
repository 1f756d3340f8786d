import { DecodeError } from "../../errors/format-errors.ts";
import { copyAligned } from "../decode-budget.ts";
import { decodeHalf } from "../decode-half.ts";
import type { NpyArray } from "./npy-array.ts";

/** Returns a copy of numbers that were big-endian, in little-endian order. */
export function swapBytes(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += sizeBytes) swapped.subarray(at, at + sizeBytes).reverse();
  return swapped;
}

/** Decodes numbers of 16 bits for a Node that has no typed array for them. */
export function expandHalves(bytes: Uint8Array): Float32Array {
  return Float32Array.from(copyAligned(bytes, Uint16Array), decodeHalf);
}

/** @throws {@link DecodeError} unless all bytes are 0 or 1, as NumPy stores booleans */
export function checkBooleans(bytes: ArrayLike<number | bigint>): void {
  for (let i = 0; i < bytes.length; i++)
    if (Number(bytes[i]) > 1) throw new DecodeError("npy", "a boolean is neither 0 nor 1");
}

/**
 * Reorders an array in Fortran order, where the first index changes fastest, to C order, where the
 * last one does.
 */
export function toRowOrder(data: NpyArray, shape: readonly number[]): NpyArray {
  const ordered = data.slice();
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape) {
    strides.push(stride);
    stride *= size;
  }
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    ordered[to] = data[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      const step = strides[axis] ?? 0;
      const next = (place[axis] ?? 0) + 1;
      if (next < size) {
        place[axis] = next;
        from += step;
        break;
      }
      place[axis] = 0;
      from -= step * (size - 1);
    }
  }
  return ordered;
}
