import { DecodeLimitError } from "../errors/format-errors.ts";
import type { DecodeLimits } from "./format.ts";

/**
 * A payload of any size may decode to this many bytes: in a columnar file, a million rows of one
 * value take a few bytes.
 */
const FREE_BYTES = 64 * 1024 * 1024;

/** Counts decoded bytes, and throws when they exceed the limits. */
export interface Budget {
  /** @throws {@link DecodeLimitError} */
  take(sizeBytes: number): void;
}

/** Returns how many bytes may be decoded from `encodedBytes`. */
export function decodedBytesAllowed(encodedBytes: number, limits: DecodeLimits, freeBytes = FREE_BYTES): number {
  return Math.min(limits.maxBytes, Math.max(freeBytes, encodedBytes * limits.maxRatio));
}

/**
 * Returns a budget for decoding one payload of `encodedBytes`. A decoder takes from it before it
 * takes memory, so that a few forged bytes cannot make it fill the memory.
 *
 * @example
 * ```ts
 * import type { DecodeLimits } from "persistable-ts";
 * import { createDecodeBudget } from "persistable-ts/format";
 *
 * function decode(encoded: Uint8Array, limits: DecodeLimits): Uint8Array {
 *   const budget = createDecodeBudget("run-length", encoded.length, limits);
 *   const [count = 0, value = 0] = encoded;
 *   budget.take(count); // throws a DecodeLimitError before the memory is taken
 *   return new Uint8Array(count).fill(value);
 * }
 * ```
 */
export function createBudget(
  format: string,
  encodedBytes: number,
  limits: DecodeLimits,
  freeBytes = FREE_BYTES,
): Budget {
  const allowed = decodedBytesAllowed(encodedBytes, limits, freeBytes);
  let taken = 0;
  return {
    take(sizeBytes) {
      taken += sizeBytes;
      if (taken <= allowed) return;
      const limit = allowed < limits.maxBytes ? "maxRatio" : "maxBytes";
      throw new DecodeLimitError(format, limit, limits[limit]);
    },
  };
}

interface ViewConstructor<View> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): View;
}

/**
 * Returns a view of the same bytes if they are aligned for the view's class, else a view of a copy.
 */
export function copyAligned<View>(bytes: Uint8Array, View: ViewConstructor<View>): View {
  const length = bytes.byteLength / View.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new View(buffer as ArrayBuffer, byteOffset, length);
}
