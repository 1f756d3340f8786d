/**
 * Payloads are digested, verified and handed to `onChunk` in chunks of this size. It is the same
 * for all three, so that a reader can verify one chunk while the next one is on its way.
 *
 * @example
 * ```ts
 * import { CHUNK_BYTES } from "persistable-ts/store";
 *
 * const bytes = new Uint8Array(20_000_000);
 * for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
 *   console.log(bytes.subarray(start, start + CHUNK_BYTES).length);
 * ```
 */
export const CHUNK_BYTES: number = 8 * 1024 * 1024;
