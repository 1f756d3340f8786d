import type { PayloadSource } from "../format/payload-source.ts";

/**
 * Returns a source of bytes in memory, for `previewOf`.
 *
 * @example
 * ```ts
 * import { bytesSource, previewOf } from "persistable-ts/inspect";
 *
 * await previewOf("text", bytesSource(new TextEncoder().encode("hello")));
 * ```
 */
export function bytesSource(bytes: Uint8Array): PayloadSource {
  return {
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.subarray(Math.max(0, start), Math.max(0, end)),
    async *stream() {
      yield bytes;
    },
    localFile: () => Promise.reject(new TypeError("These bytes are in memory, and not in a file.")),
  };
}
