import { mapConcurrently } from "../concurrency/map-concurrently.ts";
import { CHUNK_BYTES } from "./chunk-bytes.ts";
import { hashChunk } from "./hash-chunk.ts";
import { sha256Hex } from "./sha256.ts";

declare const digestBrand: unique symbol;

/**
 * Identifies the bytes of a payload, whatever made them: `sha256:<64 hex>` of its bytes up to 8
 * MiB, and `sha256-tree-8m:<64 hex>`, the sha256 of its 8 MiB chunks' sha256s (32 raw bytes each,
 * in order), above.
 */
export type Digest = `${"sha256" | "sha256-tree-8m"}:${string}` & { readonly [digestBrand]: "Digest" };

/**
 * Big payloads are digested in chunks of this size: in parallel, and each range is verifiable
 * alone.
 */
export const DIGEST_CHUNK_BYTES: number = CHUNK_BYTES;

/** The number of chunks that are handed to the hash at the same time. More are not faster. */
const PARALLEL_CHUNKS = 5;

/** Computes the digest of bytes in memory, on this thread. */
export function digestOf(chunks: readonly Uint8Array[]): Digest {
  const sizeBytes = sizeOf(chunks);
  if (sizeBytes <= DIGEST_CHUNK_BYTES) return `sha256:${sha256Hex(joined(chunks))}` as Digest;
  const hashes = [...regroup(chunks)].map((chunk) => Buffer.from(sha256Hex(joined(chunk)), "hex"));
  return treeDigest(hashes);
}

/** Computes the same digest, and leaves the event loop its turns. */
export async function digestInParallel(
  chunks: readonly Uint8Array[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Digest> {
  if (sizeOf(chunks) <= DIGEST_CHUNK_BYTES) return digestOf(chunks);
  return treeDigest(await hashChunks(chunks, options));
}

/** Computes the sha256 of each chunk of 8 MiB, and leaves the event loop its turns. */
export async function hashChunks(
  chunks: readonly Uint8Array[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly Uint8Array[]> {
  return mapConcurrently(regroup(chunks), (group) => hashChunk(joined(group)), {
    concurrency: PARALLEL_CHUNKS,
    signal: options.signal,
  });
}

/** Combines the sha256s of an object's chunks; for a single chunk, its sha256 is the digest. */
export function digestOfHashes(hashes: readonly Uint8Array[]): Digest {
  const [only] = hashes;
  return hashes.length === 1 && only !== undefined
    ? (`sha256:${Buffer.from(only).toString("hex")}` as Digest)
    : treeDigest(hashes);
}

/** Collects the digest of an object while it is read in chunks. */
export interface DigestCollector {
  /** Takes each aligned chunk of 8 MiB (the last one shorter) once, in any order. */
  onChunk(chunk: Uint8Array, start: number): Promise<void>;
  /** Returns the digest, once every chunk was given. */
  digest(): Digest;
}

/** @param sizeBytes - the size of the whole object */
export function createDigestCollector(sizeBytes: number): DigestCollector {
  const count = Math.max(1, Math.ceil(sizeBytes / DIGEST_CHUNK_BYTES));
  const hashes: (Uint8Array | undefined)[] = new Array(count).fill(undefined);
  return {
    async onChunk(chunk, start) {
      const expectedBytes = Math.min(DIGEST_CHUNK_BYTES, sizeBytes - start);
      if (start < 0 || start % DIGEST_CHUNK_BYTES !== 0 || chunk.length !== expectedBytes) {
        throw new Error(`${chunk.length} bytes at ${start} are not a chunk of an object of ${sizeBytes} bytes`);
      }
      hashes[start / DIGEST_CHUNK_BYTES] = await hashChunk(chunk);
    },
    digest() {
      const missing = hashes.indexOf(undefined);
      if (missing !== -1) throw new Error(`chunk ${missing} of ${hashes.length} was not read`);
      return digestOfHashes(hashes as Uint8Array[]);
    },
  };
}

/**
 * Checks that a text is a digest.
 *
 * @throws an Error if it is not.
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new Error(`has no digest in ${JSON.stringify(text.slice(0, 100))}`);
  return text;
}

/** Returns whether a text is a digest of either kind. */
export function isDigest(text: string): text is Digest {
  return /^sha256(?:-tree-8m)?:[0-9a-f]{64}$/.test(text);
}

/** Returns whether a text is a digest of a kind that this release does not know. */
export function isNewerDigest(text: string): boolean {
  return /^[a-z][a-z0-9-]{2,40}:[0-9a-zA-Z_=-]{16,}$/.test(text) && !/^sha256(?:-tree-8m)?:/.test(text);
}

function treeDigest(hashes: readonly Uint8Array[]): Digest {
  return `sha256-tree-8m:${sha256Hex(Buffer.concat(hashes))}` as Digest;
}

/** Cuts the same bytes at multiples of 8 MiB, into views. */
function* regroup(chunks: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let free = DIGEST_CHUNK_BYTES;
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + free);
      group.push(piece);
      start += piece.length;
      free -= piece.length;
      if (free > 0) continue;
      yield group;
      group = [];
      free = DIGEST_CHUNK_BYTES;
    }
  }
  if (group.length > 0) yield group;
}

/** Returns the bytes of the chunks as one, which is not a copy if there is only one chunk. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
