import { StoreIoError } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import { CallerFailure } from "../caller-failure.ts";
import type { Chunks } from "../store.ts";
import { checkFolders, folderOf } from "./calls/check-folders.ts";
import { call, type Steps, shield, wait } from "./calls/file-steps.ts";
import { makeFolders, type Volume } from "./calls/volume.ts";

/**
 * One system call writes at most this much: Node does not take 2 GiB at once, and aborts are
 * noticed between two calls.
 */
const MAX_WRITE_BYTES = 64 * 1024 * 1024;
/** Chunks smaller than this are joined, since a call costs more than copying them. */
const SMALL_CHUNK_BYTES = 64 * 1024;

/**
 * Creates a file with exactly these bytes, synced if `durable`. After any failure it is removed
 * again.
 */
export function* writeNewFile(volume: Volume, path: string, chunks: Chunks, durable: boolean): Steps<void> {
  yield* checkFolders(volume, path, "write");
  const file = yield* createFile(volume, path);
  let isOpen = true;
  try {
    // A folder may have become a link just before the file was created: then nothing is written to
    // it.
    yield* checkFolders(volume, path, "write");
    const sizeBytes = yield* writeChunks(file, chunks);
    const stat = yield* call("statOpen", file);
    if (stat.sizeBytes !== sizeBytes)
      throw new StoreIoError(
        { operation: "write", path },
        `${sizeBytes} bytes were written and ${stat.sizeBytes} are there`,
      );
    // An error of fsync is final: a second fsync may report success although the pages of the first
    // are lost.
    if (durable) yield* call("fsync", file);
    isOpen = false;
    yield* call("close", file);
  } catch (error) {
    yield* shield();
    if (isOpen) yield* attempt(call("close", file));
    yield* attempt(call("unlink", path));
    throw error;
  }
}

function* createFile(volume: Volume, path: string): Steps<number> {
  try {
    return yield* call("open", path, "create");
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    yield* makeFolders(volume, folderOf(path));
    return yield* call("open", path, "create");
  }
}

/** Returns the number of bytes written. */
function* writeChunks(file: number, chunks: Chunks): Steps<number> {
  const joiner = new ChunkJoiner();
  if (Symbol.asyncIterator in chunks) {
    const iterator = chunks[Symbol.asyncIterator]();
    let isDone = false;
    try {
      for (;;) {
        const next = yield* wait(() => nextChunk(iterator));
        isDone = next.done === true;
        if (next.done === true) break;
        for (const piece of joiner.add(next.value)) yield* writeAll(file, piece);
      }
    } finally {
      // This is not awaited: a stuck source would delay the report of an abort.
      if (!isDone) iterator.return?.()?.then(undefined, () => {});
    }
  } else {
    for (const chunk of chunks) for (const piece of joiner.add(chunk)) yield* writeAll(file, piece);
  }
  for (const piece of joiner.flush()) yield* writeAll(file, piece);
  return joiner.sizeBytes;
}

async function nextChunk(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array, unknown>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw new CallerFailure("the source of the chunks failed", { cause: error });
  }
}

function* writeAll(file: number, bytes: Uint8Array): Steps<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += yield* call("write", file, bytes, offset, Math.min(MAX_WRITE_BYTES, bytes.length - offset));
  }
}

/** Joins small chunks into pieces that are worth a system call. */
class ChunkJoiner {
  /** The size of all chunks so far. */
  sizeBytes = 0;
  #small: Uint8Array[] = [];
  #smallBytes = 0;

  add(chunk: Uint8Array): Uint8Array[] {
    this.sizeBytes += chunk.length;
    if (chunk.length >= SMALL_CHUNK_BYTES) return [...this.flush(), chunk];
    // Small chunks are copied at once, since a source may reuse their memory; an empty chunk has
    // nothing to write.
    if (chunk.length > 0) this.#small.push(Uint8Array.from(chunk));
    this.#smallBytes += chunk.length;
    return this.#smallBytes >= SMALL_CHUNK_BYTES ? this.flush() : [];
  }

  flush(): Uint8Array[] {
    const [first, ...others] = this.#small;
    const pieces = first === undefined ? [] : [others.length === 0 ? first : Buffer.concat(this.#small)];
    this.#small = [];
    this.#smallBytes = 0;
    return pieces;
  }
}

/** Ignores failures of cleaning up: the failure that led here is the one to report. */
export function* attempt(steps: Steps<unknown>): Steps<void> {
  try {
    yield* steps;
  } catch {
    // Leftovers are removed later.
  }
}
