import { StoreIoError } from "../errors/store-errors.ts";
import { orAborted } from "../util/concurrency/on-abort.ts";
import { CHUNK_BYTES } from "../util/digest/chunk-bytes.ts";
import type { Chunks, ReadOptions } from "./store.ts";

/**
 * The chunks of a write, one after the other, for a store that writes while they arrive. An abort
 * ends it at once with the signal's reason, even while the source gives nothing. The source may
 * reuse the memory of a chunk once the next one is asked for.
 *
 * @example
 * ```ts
 * import { open } from "node:fs/promises";
 * import type { StorePath } from "persistable-ts";
 * import { type Chunks, readChunks, type WriteOptions } from "persistable-ts/store";
 *
 * async function writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}) {
 *   const file = await open(path, "wx");
 *   for await (const chunk of readChunks(chunks, options.signal)) await file.write(chunk);
 *   await file.close();
 * }
 * ```
 */
export async function* readChunks(chunks: Chunks, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (!(Symbol.asyncIterator in chunks)) return yield* chunks;
  const iterator = chunks[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      isDone = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // This is not awaited: a stuck source would delay the report of an abort.
    if (!isDone) iterator.return?.()?.then(undefined, () => {});
  }
}

/**
 * All chunks of a write as one copy in memory, for a store that writes an object in one piece.
 *
 * @example
 * ```ts
 * import type { StorePath } from "persistable-ts";
 * import { type Chunks, joinChunks, type WriteOptions } from "persistable-ts/store";
 *
 * const objects = new Map<StorePath, Uint8Array>();
 * async function replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}) {
 *   objects.set(path, await joinChunks(chunks, options.signal));
 * }
 * ```
 */
export async function joinChunks(chunks: Chunks, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (!(Symbol.asyncIterator in chunks)) return Buffer.concat(chunks);
  const copies: Uint8Array[] = [];
  for await (const chunk of readChunks(chunks, signal)) copies.push(Uint8Array.from(chunk));
  return Buffer.concat(copies);
}

/**
 * Hand the bytes of a finished read to `onChunk`, as {@link ReadOptions.onChunk} promises it: in
 * pieces of {@link CHUNK_BYTES}, and not at all for a small object or a range.
 *
 * @example
 * ```ts
 * import type { StorePath } from "persistable-ts";
 * import { passToOnChunk, type ReadOptions, resolveRange } from "persistable-ts/store";
 *
 * const objects = new Map<StorePath, Uint8Array>();
 * async function read(path: StorePath, options: ReadOptions = {}) {
 *   const bytes = objects.get(path);
 *   if (bytes === undefined) return undefined;
 *   const { start, end } = resolveRange(options.range, bytes.length);
 *   await passToOnChunk(bytes, options);
 *   return bytes.slice(start, end);
 * }
 * ```
 */
export async function passToOnChunk(bytes: Uint8Array, { range, onChunk, signal }: ReadOptions): Promise<void> {
  if (onChunk === undefined || range !== undefined || bytes.length <= CHUNK_BYTES) return;
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    await onChunk(bytes.subarray(start, start + CHUNK_BYTES), start);
    signal?.throwIfAborted();
  }
}

/**
 * The bytes of an object of `sizeBytes` that a read asks for: `end` is exclusive and never beyond
 * the object, nor before `start`.
 *
 * @example
 * ```ts
 * import { resolveRange } from "persistable-ts/store";
 *
 * resolveRange({ start: 10, end: 1000 }, 200); // { start: 10, end: 200 }
 * resolveRange(undefined, 200);                // { start: 0, end: 200 }
 * ```
 */
export function resolveRange(range: ReadOptions["range"], sizeBytes: number): { start: number; end: number } {
  const start = Math.min(Math.max(0, range?.start ?? 0), sizeBytes);
  return { start, end: Math.max(start, Math.min(range?.end ?? sizeBytes, sizeBytes)) };
}

/** @throws {@link StoreIoError} if one buffer cannot have that size */
export function allocate(path: string, sizeBytes: number): Uint8Array {
  try {
    return new Uint8Array(new ArrayBuffer(sizeBytes));
  } catch (cause) {
    throw new StoreIoError({ operation: "read", path, cause }, `its ${sizeBytes} bytes do not fit into one buffer`);
  }
}
