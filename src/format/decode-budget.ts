import { DecodeLimitError } from "../errors/format-errors.ts";
import type { DecodeLimits } from "./format.ts";

/** Little may decode to much without being a bomb: a million rows of one value are a few bytes in a columnar file. */
const FREE_BYTES = 64 * 1024 * 1024;

/** Counts what comes out, and ends the decoding where it is more than the limits allow. */
export interface Budget {
  /** @throws {@link DecodeLimitError} */
  take(sizeBytes: number): void;
}

/** How much may come out of `encodedBytes`. */
export function decodedBytesAllowed(encodedBytes: number, limits: DecodeLimits, freeBytes = FREE_BYTES): number {
  return Math.min(limits.maxBytes, Math.max(freeBytes, encodedBytes * limits.maxRatio));
}

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

/** A view of the same bytes where they lie at a multiple of the element's size, else of a copy. */
export function copyAligned<View>(bytes: Uint8Array, View: ViewConstructor<View>): View {
  const length = bytes.byteLength / View.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new View(buffer as ArrayBuffer, byteOffset, length);
}
