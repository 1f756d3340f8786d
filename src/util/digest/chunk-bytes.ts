/**
 * Payloads are digested, verified and handed to `onChunk` in chunks of this size. It is the same
 * for all three, so that a reader can verify one chunk while the next one is on its way.
 */
export const CHUNK_BYTES: number = 8 * 1024 * 1024;
