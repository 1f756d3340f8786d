import { open, rm } from "node:fs/promises";
import path from "node:path";
import type { PayloadSource } from "../../format/payload-source.ts";
import { makeWorkFolder, removeWorkFolder } from "../../util/work-folder.ts";

/** A stream of at most this many bytes is kept in memory, a longer one in a file. */
const MEMORY_BYTES = 1024 * 1024;
/**
 * A stream of more bytes than this is not kept at all: the folder for temporary files may lie in
 * memory as well.
 */
export const MAX_SPOOLED_BYTES = 1024 * 1024 * 1024;

type FileHandle = import("node:fs/promises").FileHandle;

/**
 * Keeps the bytes of a stream aside while a store consumes it, since a stream is generated only
 * once. If the store fails, the rest is taken from the source as well, and all of it can be written
 * again.
 */
export class StreamSpool {
  /** Dropped once the stream has ended, since it refers to everything that generates the stream. */
  #source: AsyncIterator<Uint8Array> | undefined;
  #pieces: Uint8Array[] = [];
  #file: FileHandle | undefined;
  #folder: string | undefined;
  #sizeBytes = 0;
  #isGivenUp = false;
  /** Whether the source has ended by itself. */
  #hasEnded = false;
  #pulling: Promise<unknown> = Promise.resolve();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether the whole stream is kept. */
  get isComplete(): boolean {
    return this.#hasEnded && !this.#isGivenUp;
  }

  /**
   * The stream for the store. If the store stops early, the source is not closed: `drain` takes the
   * rest.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await this.#pull();
      if (piece === undefined) return;
      yield piece;
    }
  }

  /**
   * Take the rest of the stream after the store has failed.
   *
   * @returns whether the whole stream is kept now
   * @throws what the stream throws; the reason of the signal, and then the stream is ended
   */
  async drain(signal: AbortSignal | undefined): Promise<boolean> {
    while (this.#source !== undefined && !this.#isGivenUp && signal?.aborted !== true) await this.#pull();
    await this.#source?.return?.();
    this.#source = undefined;
    signal?.throwIfAborted();
    return this.isComplete;
  }

  /**
   * Yields the kept bytes from the beginning. Once the stream is complete, it may be called any
   * number of times.
   */
  async *replay(): AsyncGenerator<Uint8Array> {
    const source = this.source();
    for (let start = 0; start < source.sizeBytes; start += MEMORY_BYTES) yield source.read(start, start + MEMORY_BYTES);
  }

  /** The kept bytes, in the form in which a format opens a payload. */
  source(): PayloadSource {
    return {
      sizeBytes: this.#sizeBytes,
      read: (start, end) => this.#read(Math.max(0, start), Math.min(end, this.#sizeBytes)),
      stream: () => this.replay(),
      localFile: () => this.#moveToFile(),
    };
  }

  /** Drops all that is kept, and keeps nothing from now on. */
  async discard(): Promise<void> {
    this.#isGivenUp = true;
    this.#pieces = [];
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    if (this.#folder !== undefined) await removeWorkFolder(this.#folder);
    this.#folder = undefined;
  }

  /**
   * Takes pieces one at a time, in order: a store that has failed may still be waiting for a piece
   * that it asked for.
   */
  #pull(): Promise<Uint8Array | undefined> {
    const pulled = this.#pulling.then(() => this.#pullNow());
    this.#pulling = pulled.catch(() => {});
    return pulled;
  }

  async #pullNow(): Promise<Uint8Array | undefined> {
    if (this.#source === undefined) return undefined;
    let result: IteratorResult<Uint8Array>;
    try {
      result = await this.#source.next();
    } catch (error) {
      this.#source = undefined;
      throw error;
    }
    if (result.done === true) {
      this.#hasEnded = true;
      this.#source = undefined;
      return undefined;
    }
    if (!this.#isGivenUp) await this.#keep(result.value);
    return result.value;
  }

  /**
   * Keeps a piece. If the disk is full or the stream is too long, nothing is kept any more, but the
   * stream itself goes on.
   */
  async #keep(piece: Uint8Array): Promise<void> {
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > MAX_SPOOLED_BYTES) return this.discard();
    try {
      if (this.#file !== undefined) await this.#file.appendFile(piece);
      else {
        // The source may reuse the memory of the piece.
        this.#pieces.push(new Uint8Array(piece));
        if (this.#sizeBytes > MEMORY_BYTES) await this.#moveToFile();
      }
    } catch {
      await this.discard();
    }
  }

  async #moveToFile(): Promise<string> {
    this.#folder ??= makeWorkFolder();
    const file = path.join(this.#folder, "stream");
    if (this.#file !== undefined) return file;
    const handle = await open(file, "w+");
    try {
      for (const piece of this.#pieces) await handle.appendFile(piece);
    } catch (error) {
      await handle.close();
      await rm(file, { force: true });
      throw error;
    }
    this.#file = handle;
    this.#pieces = [];
    return file;
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    if (!(start < end)) return new Uint8Array(0);
    if (this.#file === undefined) return new Uint8Array(Buffer.concat(this.#pieces).subarray(start, end));
    const bytes = new Uint8Array(end - start);
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) throw new Error("what was kept of a stream is cut off");
      filled += bytesRead;
    }
    return bytes;
  }
}
