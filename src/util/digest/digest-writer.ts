import { DIGEST_CHUNK_BYTES, type Digest, digestOfHashes } from "./digest.ts";
import { createSha256, type Sha256 } from "./sha256.ts";

/** What was written, once all of it was. */
export interface Written {
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** The sha256 of each chunk of 8 MiB; a single one where there is no more. */
  readonly hashes: readonly Uint8Array[];
}

/** Digests bytes on their way to somewhere, whatever their number, without keeping them. */
export class DigestWriter {
  readonly #hashes: Uint8Array[] = [];
  #hash: Sha256 = createSha256();
  #filled = 0;
  #sizeBytes = 0;

  /** Pass on what comes, in the same pieces. */
  async *through(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      let isAdded = false;
      const add = (): void => {
        if (!isAdded) this.#add(piece);
        isAdded = true;
      };
      // While the reader waits for its disk or network, rather than before; and in any case before the source may use the piece's memory again.
      const soon = setImmediate(add);
      try {
        yield piece;
        add();
      } finally {
        clearImmediate(soon);
      }
    }
  }

  /** @throws never; call it once, after the last piece. */
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
