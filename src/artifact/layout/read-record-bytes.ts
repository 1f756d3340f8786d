import { MAX_RECORD_BYTES } from "../../record/record.ts";
import type { ReadableStore, StoreCallOptions, StorePath } from "../../store/store.ts";

/**
 * The bytes of a record, `undefined` if there is none. Of a file that is larger than any record
 * only the first bytes are read, one more than a record may have: it is damage, to be judged and
 * set aside like any other, and must not fill the memory.
 */
export function readRecordBytes(
  store: ReadableStore,
  path: StorePath,
  options?: StoreCallOptions,
): Promise<Uint8Array | undefined> {
  return store.read(path, { range: { start: 0, end: MAX_RECORD_BYTES + 1 }, signal: options?.signal });
}

/**
 * The same without waiting, if the store can: of ten thousand records in a row, a trip through the
 * thread pool costs more than the read.
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
  // It lies in memory that the next call uses again.
  return found === undefined ? undefined : new Uint8Array(found);
}
