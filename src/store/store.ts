import type { StoreError } from "../errors/store-errors.ts";

/**
 * Where artifacts live. A store knows paths and bytes; what they mean is the business of the artifact protocol.
 *
 * Paths are relative, `/`-separated, and already safe on every file system (see `util/safe-name.ts`); a store
 * refuses any other with {@link InvalidStorePathError}. They are branded so that no user text gets here unchecked.
 *
 * Every method rejects with the signal's reason when it is aborted, and leaves nothing half-visible; an abort that comes after the
 * object has got its name is too late, and the method resolves. "Missing" is a value (`undefined`, `false`), everything else that goes
 * wrong is a {@link StoreError}: a store that cannot be read is not an empty one. When `createIfAbsent` or `replace` rejects with
 * one, the outcome is unknown: the object is there whole, or it is not there. Errors of the source of the chunks are passed on as they are.
 *
 * The only order that survives a power cut is the one that `createIfAbsent` and `replace` promise. In particular a removal may be undone.
 */
export interface Store {
  /** For messages and records: `file:///data/x`, `memory:…`, `s3://bucket/prefix`. Two stores with one url are one place. */
  readonly url: string;
  /** What this store can do, declared as data, proven by the conformance suite. */
  readonly capabilities: StoreCapabilities;
  /**
   * Where a store cannot know by itself what it can do, it asks its service here, once; `capabilities` promises nothing before, and does not change after.
   * Called before a lease is asked for; a store that knows has none.
   */
  prepare?(options?: StoreCallOptions): Promise<void>;

  /**
   * All bytes of an object, or `undefined` where there is none. Larger than `maxBytes`: a StoreError, before the
   * bytes are in memory. The caller owns the bytes. With `range`, only these bytes, fewer where the object ends earlier.
   * An object that somebody cuts short meanwhile gives what was left of it: size and digest are for the caller to check.
   */
  read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined>;

  /** Size of an object, or `undefined` where there is none. */
  stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined>;

  /**
   * Write a new object that nobody knows of yet. It need not appear atomically, since its name is fresh and nothing refers to it
   * until a later {@link createIfAbsent}; when this resolves, all its bytes are there (and survive a power cut once a
   * later durable `createIfAbsent` or `replace` in the same folder has resolved, unless it was written with `durable: false`).
   * Already there: an {@link ObjectExistsError}. On failure nothing stays.
   */
  writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void>;

  /**
   * Make an object appear, whole, if there is none of that name: `"created"`, or `"exists"` with the other left untouched.
   * Of several callers in any process, at most one is told `"created"` where `capabilities.exclusiveCreate`. When it
   * resolves on a durable store, the object and every earlier `writeFresh` in its folder survive a power cut; that goes for `"exists"`
   * as well, whoever wrote it.
   */
  createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists">;

  /** Make an object appear, whole, in the place of whatever was there. Readers see the one or the other. As durable as `createIfAbsent`. */
  replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void>;

  /**
   * Move an object onto a name that is not in use; `false` where the source is missing. A name that is in use: an {@link ObjectExistsError}.
   * Not necessarily atomic: a crash may leave both names, and of several who move one object more than one may be told `true`.
   */
  move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /** Remove an object; `false` where there was none. */
  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Every object whose path begins with `prefix` (a folder's ends in `/`), recursively, in no particular order. Temporary files of unfinished
   * writes are not listed, nor is anything that no store path leads to. What appears or disappears meanwhile may be listed or not.
   */
  list(prefix: string, options?: StoreCallOptions): AsyncIterable<StoreEntry>;

  /** Remove a folder in which no object is left, where the store has folders; anything in it stays. Never fails. */
  removeFolder?(folder: StorePath): Promise<void>;

  /**
   * Give a folder another name that is not in use, in one step: a reader finds all of it under one
   * name or the other. `false` where there is nothing. A symbolic link in the place of the folder is
   * itself moved, and not followed. Stores that keep their objects in folders have it.
   */
  moveFolder?(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Remove a folder with everything in it; `false` where there is nothing. Its name goes first, in one
   * step: a reader who lists it by its path finds all of it, or nothing. Symbolic links in its place or
   * in it are removed, and not followed. Stores that keep their objects in folders have it.
   */
  removeTree?(folder: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /** The absolute path on this machine's disk where the object lies if there is one; for stores that keep every object there. */
  localPath?(path: StorePath): string;

  /** Call `listener` soon after something in `folder` may have changed; spurious calls are fine, missed ones cost a poll. */
  watch?(folder: StorePath, listener: () => void): StoreWatch;

  /** The same operations without waiting, for small objects, where the store can: a thread-pool trip costs more than the read. */
  readonly sync?: SyncStore;

  /** What can be asked besides of a store that has another one behind it. */
  readonly layers?: StoreLayers;
}

/** See {@link Store.layers}. */
export interface StoreLayers {
  /**
   * The same store for callers who must not take silence for an answer: where one of the stores does not answer, reads and listings fail
   * with its StoreError, while the store itself goes on without it.
   */
  readonly certain: Store;

  /**
   * The artifact of a record was judged damaged. Where the other store has it whole, readers find that from now on.
   *
   * @throws a StoreError of the store in front, where it cannot be read; the signal's reason
   */
  heal(record: StorePath, judged: JudgedRecord, options?: StoreCallOptions): Promise<Healing>;

  /** The same for any other object, of which only the caller can tell whether it is sound. */
  healObject(path: StorePath, isSound: (bytes: Uint8Array) => boolean, options?: StoreCallOptions): Promise<Healing>;

  /** Whether this store takes what is written while the other one does not answer. */
  readonly worksAlone: boolean;

  /** Whether an object that was written has reached every store that may be written; `false` where one does not answer. */
  isEverywhere(path: StorePath, options?: StoreCallOptions): Promise<boolean>;

  /**
   * Like {@link Store.replace}, for a record that was judged damaged: one that the other store has whole is never replaced. Then the
   * answer is `"exists"`, and readers find that one.
   */
  replaceDamaged(
    record: StorePath,
    chunks: readonly Uint8Array[],
    judged: JudgedRecord,
    options?: WriteOptions,
  ): Promise<"replaced" | "exists">;
}

/** A record that was judged damaged. */
export interface JudgedRecord {
  /** As it was read. */
  readonly recordBytes: Uint8Array;
  /** Every byte of record and payload is what was written, and they are of no use all the same: then an equal copy does not help. */
  readonly isAsWritten?: boolean | undefined;
}

/** Whether something damaged has given way to a whole copy. */
export interface Healing {
  readonly isHealed: boolean;
  /** Set where the other store did not answer, so that it is not known what it has. */
  readonly failure?: StoreError | undefined;
}

/** See {@link Store.sync}. Each method behaves as its namesake. */
export interface SyncStore {
  /**
   * Like {@link Store.read}. The bytes lie in a buffer that the next call reuses: copy what you keep.
   * An object of more than `maxBytes` gives `"too-large"`, to be read the other way.
   */
  readShared(path: StorePath, maxBytes: number): Uint8Array | undefined | "too-large";
  /**
   * Whether there is an object: what {@link Store.stat} says, for a hundred thousand of them in a row. Whatever else may lie in the place of an
   * object, a folder for instance, may be taken for one: reading it tells.
   */
  exists?(path: StorePath): boolean;
  /** Like {@link Store.remove}; may be `undefined` like {@link SyncStore.createIfAbsent}. */
  readonly remove?: ((path: StorePath) => boolean) | undefined;
  /**
   * May be `undefined` until the first asynchronous write has loaded what it takes to write: ask each time, and fall back to
   * {@link Store.createIfAbsent}.
   */
  readonly createIfAbsent?:
    | ((path: StorePath, chunks: readonly Uint8Array[], options?: { durable?: boolean }) => "created" | "exists")
    | undefined;
}

/** What a store can do. */
export interface StoreCapabilities {
  /** {@link Store.createIfAbsent} tells at most one caller `"created"`. */
  readonly exclusiveCreate: boolean;
  /** Acknowledged writes survive a power cut. */
  readonly durable: boolean;
  /** Other processes see what is written. */
  readonly shared: boolean;
}

/** A path inside a store, checked: see `storePath`. */
export type StorePath = string & { readonly [storePathBrand]: "StorePath" };
declare const storePathBrand: unique symbol;

/** Bytes to be written, in order. */
export type Chunks = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

export interface StoreCallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends StoreCallOptions {
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  readonly maxBytes?: number | undefined;
  /**
   * Called once for every 8 MiB of a whole read (aligned, the last one shorter), in any order, as soon as it is in memory, so that
   * checking overlaps with reading; the read resolves after all of them have. Not called for objects of up to 8 MiB or with `range`.
   */
  readonly onChunk?: ((chunk: Uint8Array, start: number) => void | Promise<void>) | undefined;
}

export interface WriteOptions extends StoreCallOptions {
  /** `false`: do not wait for the disk, whatever the store is set to (leases, caches). */
  readonly durable?: boolean | undefined;
}

export interface StoreEntry {
  readonly path: StorePath;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch by the store's own clock. */
  readonly modifiedMs: number;
}

export interface StoreWatch {
  close(): void;
}
