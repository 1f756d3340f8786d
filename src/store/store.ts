import type { StoreError } from "../errors/store-errors.ts";

/**
 * A store that can be read: loading, explaining and planning ask for no more. `readOnlyStore` makes
 * a {@link Store} of one that implements only this, over HTTP for instance.
 *
 * A store knows paths and bytes; the artifact protocol knows what they mean. Paths are relative,
 * `/`-separated and safe on every file system. A store refuses any other path with {@link
 * InvalidStorePathError}: `assertStorePath` does that.
 *
 * Every method rejects with the signal's reason once the signal is aborted. "Missing" is a value
 * (`undefined`, `false`), and every other trouble is a {@link StoreError}: a store that cannot be
 * read is not an empty one.
 */
export interface ReadableStore {
  /**
   * For messages and records: `file:///data/x`, `memory:…`, `s3://bucket/prefix`. Two stores of one
   * url hold the same objects.
   */
  readonly url: string;
  /** Declares what this store can do. The conformance suite proves it. */
  readonly capabilities: StoreCapabilities;
  /**
   * Asks the service what it can do, for a store that cannot know it by itself. Called before a
   * lease is asked for. `capabilities` promises nothing before, and does not change afterwards.
   */
  prepare?(options?: StoreCallOptions): Promise<void>;

  /**
   * All bytes of an object, or `undefined` where there is none. The caller owns them. With `range`,
   * only these bytes, and fewer where the object ends earlier. More than `maxBytes` is an {@link
   * ObjectTooLargeError} before the bytes are in memory. When another process cuts the object short
   * meanwhile, the store gives what is left: the caller checks size and digest.
   */
  read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined>;

  /** Size and time of an object, or `undefined` where there is none. */
  stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined>;

  /**
   * Every object whose path begins with `prefix` (a folder's ends in `/`), recursively, in any
   * order. Leave out temporary files of unfinished writes, and names that are not store paths
   * (`isStorePath`). What appears or disappears meanwhile may be listed or not.
   */
  list(prefix: string, options?: StoreCallOptions): AsyncIterable<StoreEntry>;

  /**
   * The names of the objects and of the folders that lie in a folder itself; `""` is the folder of
   * the whole store. A folder that does not exist is empty. It may name an empty folder. Sizes and
   * times are left out, since asking for them costs more than the names. Without this method,
   * callers use {@link list}, which visits every object.
   */
  listFolder?(folder: StorePath | "", options?: StoreCallOptions): Promise<StoreFolder>;

  /**
   * The absolute path on this machine's disk where the object is, if it exists. Only a store that
   * keeps every object there has this method.
   */
  localPath?(path: StorePath): string;

  /**
   * Call `listener` soon after something in `folder` may have changed. A call too many does no
   * harm, and a missing one costs the waiting process a poll. A store that knows it gives the name
   * of the object in the folder.
   */
  watch?(folder: StorePath, listener: (name?: string) => void): StoreWatch;

  /** Reads of small objects without waiting: a trip to the thread pool costs more than the read. */
  readonly sync?: SyncReads;

  /** Further calls of a store that has another one behind it. */
  readonly layers?: StoreLayers;
}

/**
 * A place for artifacts. `storeConformance` of `persistable-ts/testing` proves every promise below.
 *
 * An aborted write leaves nothing half-visible; an abort that comes after the object has got its
 * name is too late, and the method resolves. When `createIfAbsent` or `replace` rejects with a
 * {@link StoreError}, the outcome is unknown: the object is there whole, or it is not there. An
 * error of the source of the chunks passes through unchanged.
 *
 * `createIfAbsent` and `replace` promise the only order that survives a power cut. A removal may be
 * undone by one.
 */
export interface Store extends ReadableStore {
  /**
   * Write a new object that no other object refers to yet. Since its name is fresh, it need not
   * appear atomically. When this resolves, all its bytes are there, and they survive a power cut
   * once a later durable `createIfAbsent` or `replace` in the same folder has resolved (unless
   * `durable` was `false` here). A name that is in use is an {@link ObjectExistsError}. On failure
   * nothing stays.
   */
  writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void>;

  /**
   * Make an object appear, whole, if there is none of that name: `"created"`, or `"exists"` with
   * the other one untouched. Where `capabilities.exclusiveCreate`, at most one of several callers
   * in any processes gets `"created"`. When it resolves on a durable store, the object and every
   * earlier `writeFresh` in its folder survive a power cut, also after `"exists"`, whichever
   * process wrote the object.
   */
  createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists">;

  /**
   * Make an object appear, whole, instead of what was there. Readers see the one or the other. As
   * durable as `createIfAbsent`.
   */
  replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void>;

  /**
   * Give an object a name that is not in use; `false` where the object is missing. A name that is
   * in use is an {@link ObjectExistsError}. Not necessarily atomic: a crash may leave both names,
   * and several callers that move one object may all get `true`.
   */
  move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /** Remove an object; `false` where there was none. */
  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Remove a folder that holds no object any more. What is still in it stays. Only for stores that
   * have folders. Never fails.
   */
  removeFolder?(folder: StorePath): Promise<void>;

  /**
   * Give a folder a name that is not in use, in one step: a reader finds all of it under one name
   * or the other. `false` where there is nothing. A symbolic link instead of the folder is itself
   * moved, and not followed. Only for stores that keep their objects in folders.
   */
  moveFolder?(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Remove a folder with everything in it; `false` where there is nothing. The name goes first, in
   * one step: a reader who lists the folder by its path finds all of it, or nothing. Symbolic links
   * are removed, and not followed. Only for stores that keep their objects in folders.
   */
  removeTree?(folder: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /** The same operations without waiting, for small objects. */
  readonly sync?: SyncStore;
}

/** See {@link ReadableStore.layers}. */
export interface StoreLayers {
  /**
   * The same store for callers that must not take silence for an answer: when one of its stores
   * does not answer, reads and listings fail with that store's StoreError, while the store itself
   * goes on without the other one.
   */
  readonly certain: Store;

  /**
   * The caller has found the artifact of this record damaged. If the other store has it whole,
   * readers find that one from now on.
   *
   * @throws a StoreError of the store in front, if it cannot be read; the signal's reason
   */
  heal(record: StorePath, judged: JudgedRecord, options?: StoreCallOptions): Promise<Healing>;

  /**
   * Like {@link heal}, for an object that is not a record. Only the caller can tell whether its
   * bytes are sound.
   */
  healObject(path: StorePath, isSound: (bytes: Uint8Array) => boolean, options?: StoreCallOptions): Promise<Healing>;

  /** Whether writes succeed while the other store does not answer. */
  readonly worksAlone: boolean;

  /**
   * How the last call of the other store failed; absent if it answered. What is missing then may
   * exist there.
   */
  readonly failure?: Error | undefined;

  /**
   * Whether a written object has reached every store that may be written; `false` if one of them
   * does not answer.
   */
  isEverywhere(path: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Like {@link Store.replace}, for a record that the caller has found damaged. If the other store
   * has the artifact whole, its record is not replaced: the answer is then `"exists"`, and readers
   * find that artifact.
   */
  replaceDamaged(
    record: StorePath,
    chunks: readonly Uint8Array[],
    judged: JudgedRecord,
    options?: WriteOptions,
  ): Promise<"replaced" | "exists">;
}

/** A record whose artifact is damaged. */
export interface JudgedRecord {
  /** As it was read. */
  readonly recordBytes: Uint8Array;
  /**
   * Set if every byte of record and payload is what was written, and the artifact still cannot be
   * used. An equal copy would not help then.
   */
  readonly isAsWritten?: boolean | undefined;
}

/** Whether a whole copy has replaced something damaged. */
export interface Healing {
  readonly isHealed: boolean;
  /** Set if the other store did not answer, so that nothing is known of what it has. */
  readonly failure?: StoreError | undefined;
}

/** See {@link ReadableStore.sync}. */
export interface SyncReads {
  /**
   * Like {@link ReadableStore.read}. The next call reuses the buffer: copy what you keep. An object
   * of more than `maxBytes` gives `"too-large"`, and the caller reads it asynchronously.
   */
  readShared(path: StorePath, maxBytes: number): Uint8Array | undefined | "too-large";
  /**
   * Whether there is an object, for a hundred thousand calls in a row. It may take something else
   * of that name, such as a folder, for an object: a later read finds out.
   */
  exists?(path: StorePath): boolean;
}

/**
 * See {@link Store.sync}. Each method behaves like the method of {@link Store} of the same name.
 */
export interface SyncStore extends SyncReads {
  /**
   * `remove` and `createIfAbsent` may be `undefined` until the first asynchronous write has loaded
   * the code that writes. Check each time, and fall back to the asynchronous method.
   */
  readonly remove?: ((path: StorePath) => boolean) | undefined;
  readonly createIfAbsent?:
    | ((path: StorePath, chunks: readonly Uint8Array[], options?: { durable?: boolean }) => "created" | "exists")
    | undefined;
}

/** Declares what a store can do. */
export interface StoreCapabilities {
  /** {@link Store.createIfAbsent} tells at most one caller `"created"`. */
  readonly exclusiveCreate: boolean;
  /** Acknowledged writes survive a power cut. */
  readonly durable: boolean;
  /** Other processes see what is written. */
  readonly shared: boolean;
}

/** A checked path inside a store. `storePath` makes one; `assertStorePath` checks one. */
export type StorePath = string & { readonly [storePathBrand]: "StorePath" };
declare const storePathBrand: unique symbol;

/** Bytes to be written, in order. */
export type Chunks = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** The options that every call of a store takes. */
export interface StoreCallOptions {
  /** Ends the call: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of an object that is read, and how it is given. */
export interface ReadOptions extends StoreCallOptions {
  /** The bytes that are read: `start` is inclusive, `end` exclusive. All of them by default. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /**
   * A read of more bytes than this is refused with an {@link ObjectTooLargeError}. No limit by
   * default.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Called once for every 8 MiB of a whole read (aligned, the last one shorter), in any order, as
   * soon as they are in memory, so that checking overlaps with reading. The read resolves after all
   * calls have, and rejects with the error of one. Not called for objects of up to 8 MiB, or with
   * `range`.
   */
  readonly onChunk?: ((chunk: Uint8Array, start: number) => void | Promise<void>) | undefined;
}

/** How an object is written. */
export interface WriteOptions extends StoreCallOptions {
  /**
   * `false`: do not wait for the disk, even if the store is durable (leases, caches). By default
   * the store does what its `capabilities` say.
   */
  readonly durable?: boolean | undefined;
}

/** See {@link ReadableStore.listFolder}. */
export interface StoreFolder {
  /** Names without the folder: `3f….json`. */
  readonly objects: readonly string[];
  readonly folders: readonly string[];
}

/** An object in a listing. */
export interface StoreEntry {
  readonly path: StorePath;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch by the store's own clock. */
  readonly modifiedMs: number;
}

/** Watches a folder until it is closed, see {@link ReadableStore.watch}. */
export interface StoreWatch {
  /** Ends the watching. The listener is not called again. */
  close(): void;
}
