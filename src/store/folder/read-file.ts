import { NotAFileError, ObjectTooLargeError } from "../../errors/store-errors.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { CHUNK_BYTES } from "../../util/digest/chunk-bytes.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import { CallerFailure, checkSignal } from "../caller-failure.ts";
import { allocate } from "../chunks.ts";
import type { ReadOptions } from "../store.ts";
import { describeKind } from "./calls/check-folders.ts";
import type { AsyncFileSystemCalls } from "./calls/file-system.ts";

/** The number of concurrent reads. */
const LANES = 6;

/** Implements {@link Store.read} for a file whose folders were checked. */
export async function readFile(
  calls: AsyncFileSystemCalls,
  path: string,
  options: ReadOptions,
): Promise<Uint8Array | undefined> {
  const { signal, range, maxBytes = Number.POSITIVE_INFINITY } = options;
  let file: number;
  try {
    file = await calls.open(path, "read");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    checkSignal(signal);
    const { kind, sizeBytes } = await calls.statOpen(file);
    if (kind !== "file")
      throw new NotAFileError({ operation: "read", path }, `there is ${describeKind(kind)} in its place`);
    const start = Math.min(range?.start ?? 0, sizeBytes);
    const end = Math.min(range?.end ?? sizeBytes, sizeBytes);
    if (end - start > maxBytes) throw new ObjectTooLargeError({ operation: "read", path }, sizeBytes, maxBytes);
    const bytes = allocate(path, end - start);
    const onChunk = range === undefined && bytes.length > CHUNK_BYTES ? options.onChunk : undefined;
    return await readLanes(calls, file, start, bytes, onChunk, signal);
  } finally {
    await calls.close(file);
  }
}

/**
 * Reads concurrently, each part into its own range of the buffer, so that several threads fill the
 * pages of a big buffer.
 */
async function readLanes(
  calls: AsyncFileSystemCalls,
  file: number,
  start: number,
  bytes: Uint8Array,
  onChunk: ReadOptions["onChunk"],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  let end = bytes.length;
  const offsets = function* (): Generator<number, void, undefined> {
    for (let offset = 0; offset < end; offset += CHUNK_BYTES) yield offset;
  };
  const read = async (offset: number): Promise<void> => {
    const wanted = Math.min(CHUNK_BYTES, bytes.length - offset);
    const length = await readPart(calls, file, bytes, offset, wanted, start, signal);
    // If the file was made shorter meanwhile, the bytes up to the first gap are its content.
    if (length < wanted) end = Math.min(end, offset + length);
    else await handOn(onChunk, bytes.subarray(offset, offset + length), offset);
  };
  // Returns only when no read is under way, also after a failure: the caller closes the file then.
  await mapConcurrently(offsets(), read, { concurrency: LANES });
  return end < bytes.length ? bytes.subarray(0, end) : bytes;
}

async function handOn(onChunk: ReadOptions["onChunk"], chunk: Uint8Array, start: number): Promise<void> {
  try {
    await onChunk?.(chunk, start);
  } catch (error) {
    throw new CallerFailure("onChunk failed", { cause: error });
  }
}

async function readPart(
  calls: AsyncFileSystemCalls,
  file: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  start: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let done = 0;
  while (done < length) {
    checkSignal(signal);
    const read = await calls.read(file, bytes, offset + done, length - done, start + offset + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
