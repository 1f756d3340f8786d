/**
 * Payloads are digested, verified and handed to `onChunk` in pieces of this size: only equal pieces
 * let a reader verify one while the next is on its way.
 */
export const CHUNK_BYTES: number = 8 * 1024 * 1024;
