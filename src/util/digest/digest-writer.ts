import { DIGEST_CHUNK_BYTES, type Digest, digestOfHashes } from "./digest.ts";
import { createSha256, type Sha256 } from "./sha256.ts";

/** Describes the bytes that were written, once all of them were. */
export interface Written {
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** The sha256 of each chunk of 8 MiB, at least one. */
  readonly hashes: readonly Uint8Array[];
}

/** Digests any number of bytes on their way to a store, without keeping them. */
export class DigestWriter {
  readonly #hashes: Uint8Array[] = [];
  #hash: Sha256 = createSha256();
  #filled = 0;
  #sizeBytes = 0;

  /** Passes the pieces on unchanged. */
  async *through(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      let isAdded = false;
      const add = (): void => {
        if (!isAdded) this.#add(piece);
        isAdded = true;
      };
      // Hash while the reader waits for its disk or network, but in any case before the source may
      // reuse the piece's memory.
      const soon = setImmediate(add);
      try {
        yield piece;
        add();
      } finally {
        clearImmediate(soon);
      }
    }
  }

  /** Ends the last chunk. Call it once, after the last piece. */
  finish(): Written {
    if (this.#filled > 0 || this.#hashes.length === 0) this.#endChunk();
    return { sizeBytes: this.#sizeBytes, digest: digestOfHashes(this.#hashes), hashes: this.#hashes };
  }

  #add(piece: Uint8Array): void {
    this.#sizeBytes += piece.length;
    for (let start = 0; start < piece.length; ) {
      const part = piece.subarray(start, start + DIGEST_CHUNK_BYTES - this.#filled);
      this.#hash.update(part);
      this.#filled += part.length;
      start += part.length;
      if (this.#filled === DIGEST_CHUNK_BYTES) this.#endChunk();
    }
  }

  #endChunk(): void {
    this.#hashes.push(new Uint8Array(this.#hash.digest()));
    this.#hash = createSha256();
    this.#filled = 0;
  }
}
