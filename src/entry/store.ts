export {
  InvalidStorePathError,
  NotAFileError,
  ObjectExistsError,
  ObjectTooLargeError,
  ReadOnlyStoreError,
  StoreAccessError,
  StoreError,
  type StoreFailure,
  StoreFullError,
  StoreIoError,
  type StoreOperation,
  TooManyOpenFilesError,
} from "../errors/store-errors.ts";
export { joinChunks, passToOnChunk, readChunks, resolveRange } from "../store/chunks.ts";
export { readOnlyStore } from "../store/read-only-store.ts";
export type {
  Chunks,
  Healing,
  JudgedRecord,
  ReadableStore,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StoreFolder,
  StoreLayers,
  StorePath,
  StoreWatch,
  SyncReads,
  SyncStore,
  WriteOptions,
} from "../store/store.ts";
export { assertStorePath, assertStorePrefix, isStorePath, storePath } from "../store/store-path.ts";
export { CHUNK_BYTES } from "../util/digest/chunk-bytes.ts";
export { safeName } from "../util/safe-name.ts";
