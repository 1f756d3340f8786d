import { MAX_RECORD_BYTES } from "../../record/record.ts";
import type { ReadableStore, StoreCallOptions, StorePath } from "../../store/store.ts";

/**
 * Returns the bytes of a record, `undefined` if there is none. A file that is larger than any
 * record is read only up to one byte more than a record may have, so that it cannot fill the
 * memory: it is damage, which is judged and set aside like any other.
 */
export function readRecordBytes(
  store: ReadableStore,
  path: StorePath,
  options?: StoreCallOptions,
): Promise<Uint8Array | undefined> {
  return store.read(path, { range: { start: 0, end: MAX_RECORD_BYTES + 1 }, signal: options?.signal });
}

/**
 * Like {@link readRecordBytes}, but synchronous if the store can do that: for each of ten thousand
 * records in a row, a trip through the thread pool would cost more than the read.
 *
 * @throws the signal's reason; a StoreError
 */
export function readRecordNow(
  store: ReadableStore,
  path: StorePath,
  options?: StoreCallOptions,
): Uint8Array | undefined | Promise<Uint8Array | undefined> {
  options?.signal?.throwIfAborted();
  if (store.sync === undefined) return readRecordBytes(store, path, options);
  const found = store.sync.readShared(path, MAX_RECORD_BYTES);
  if (found === "too-large") return readRecordBytes(store, path, options);
  // The record is copied, since the next call reuses this memory.
  return found === undefined ? undefined : new Uint8Array(found);
}
