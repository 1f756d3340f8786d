import { NotAFileError, ObjectExistsError, ObjectTooLargeError, type StoreOperation } from "../errors/store-errors.ts";
import { joinChunks, passToOnChunk, resolveRange } from "./chunks.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreEntry,
  StoreFolder,
  StorePath,
  StoreWatch,
  SyncStore,
  WriteOptions,
} from "./store.ts";
import { assertStorePath, assertStorePrefix, isStorePath } from "./store-path.ts";

export interface MemoryStoreOptions {
  /**
   * Stores of one name share their objects within a process. Without a name, a store shares
   * nothing.
   */
  readonly name?: string | undefined;
}

const places = new Map<string, Place>();
let unnamed = 0;

/**
 * A store in the memory of this process, for tests and for payloads that need not outlive it. It
 * behaves like a folder, and copies what goes in and what comes out, so that no caller can change
 * what another one reads.
 *
 * @example
 * ```ts
 * const store = memoryStore();
 * const points = gaussianPoints({ n: 100 }, { dataDir: store });
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { name } = options;
  if (name === undefined) return new MemoryStore(`memory:?${++unnamed}`, new Place());
  const place = places.get(name) ?? new Place();
  places.set(name, place);
  return new MemoryStore(`memory:${name}`, place);
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** The contents that all stores of one name share. */
class Place {
  readonly objects = new Map<string, StoredObject>();
  /** The number of objects in and below each folder. */
  readonly folders = new Map<string, number>();
  readonly watchers = new Set<{ readonly folder: string; readonly listener: () => void }>();

  put(path: string, bytes: Uint8Array): void {
    if (!this.objects.has(path)) this.#count(path, 1);
    this.objects.set(path, { bytes, modifiedMs: Date.now() });
    this.#tell(path);
  }

  take(path: string): StoredObject | undefined {
    const object = this.objects.get(path);
    if (object === undefined) return undefined;
    this.objects.delete(path);
    this.#count(path, -1);
    this.#tell(path);
    return object;
  }

  #count(path: string, change: number): void {
    for (const folder of foldersOf(path)) {
      const count = (this.folders.get(folder) ?? 0) + change;
      if (count === 0) this.folders.delete(folder);
      else this.folders.set(folder, count);
    }
  }

  #tell(path: string): void {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    for (const watcher of this.watchers) if (watcher.folder === folder) queueMicrotask(watcher.listener);
  }
}

class MemoryStore implements Store {
  readonly url: string;
  readonly capabilities = { exclusiveCreate: true, durable: false, shared: false } as const;
  readonly sync: SyncStore;
  readonly #place: Place;

  constructor(url: string, place: Place) {
    this.url = url;
    this.#place = place;
    this.sync = {
      readShared: (path, maxBytes) => {
        const object = this.#find("read", path);
        if (object === undefined) return undefined;
        return object.bytes.length > maxBytes ? "too-large" : Buffer.from(object.bytes);
      },
      exists: (path) => this.#find("stat", path) !== undefined,
      createIfAbsent: (path, chunks) => this.#create(path, Buffer.concat(chunks)),
    };
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { signal, range, maxBytes = Number.POSITIVE_INFINITY } = options;
    signal?.throwIfAborted();
    const all = this.#find("read", path)?.bytes;
    if (all === undefined) return undefined;
    const { start, end } = resolveRange(range, all.length);
    if (end - start > maxBytes) throw new ObjectTooLargeError(this.#failure("read", path), all.length, maxBytes);
    const bytes = new Uint8Array(all.subarray(start, end));
    await passToOnChunk(bytes, options);
    return bytes;
  }

  async stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    options.signal?.throwIfAborted();
    const object = this.#find("stat", path);
    return object && { path, sizeBytes: object.bytes.length, modifiedMs: object.modifiedMs };
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    assertStorePath(path);
    const bytes = await joinChunks(chunks, options.signal);
    if (this.#find("write", path) !== undefined) throw new ObjectExistsError(this.#failure("write", path));
    this.#put("write", path, bytes);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    assertStorePath(path);
    return this.#create(path, await joinChunks(chunks, options.signal));
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    assertStorePath(path);
    this.#put("replace", path, await joinChunks(chunks, options.signal));
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    assertStorePath(to);
    const object = this.#find("move", from);
    if (object === undefined) return false;
    if (this.#find("move", to) !== undefined) throw new ObjectExistsError(this.#failure("move", to));
    this.#put("move", to, object.bytes);
    this.#place.take(from);
    return true;
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    options.signal?.throwIfAborted();
    this.#find("remove", path);
    return this.#place.take(path) !== undefined;
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    assertStorePrefix(prefix);
    for (const [path, object] of [...this.#place.objects]) {
      options.signal?.throwIfAborted();
      if (!path.startsWith(prefix) || !isStorePath(path)) continue;
      yield { path, sizeBytes: object.bytes.length, modifiedMs: object.modifiedMs };
    }
  }

  async listFolder(folder: StorePath | "", options: StoreCallOptions = {}): Promise<StoreFolder> {
    options.signal?.throwIfAborted();
    if (folder !== "") assertStorePath(folder);
    const prefix = folder === "" ? "" : `${folder}/`;
    const folders = new Set<string>();
    const objects: string[] = [];
    for (const path of this.#place.objects.keys()) {
      if (!path.startsWith(prefix)) continue;
      const [name = "", inner] = path.slice(prefix.length).split("/", 2);
      if (inner === undefined) objects.push(name);
      else folders.add(name);
    }
    return { objects, folders: [...folders] };
  }

  watch(folder: StorePath, listener: () => void): StoreWatch {
    assertStorePath(folder);
    const watcher = { folder, listener };
    this.#place.watchers.add(watcher);
    return { close: () => this.#place.watchers.delete(watcher) };
  }

  #create(path: StorePath, bytes: Uint8Array): "created" | "exists" {
    if (this.#find("create", path) !== undefined) return "exists";
    this.#put("create", path, bytes);
    return "created";
  }

  #put(operation: StoreOperation, path: StorePath, bytes: Uint8Array): void {
    this.#find(operation, path);
    this.#place.put(path, bytes);
  }

  #find(operation: StoreOperation, path: StorePath): StoredObject | undefined {
    assertStorePath(path);
    for (const folder of foldersOf(path)) {
      if (this.#place.objects.has(folder))
        throw new NotAFileError(this.#failure(operation, path), `${folder} is a file, not a folder`);
    }
    if (this.#place.folders.has(path))
      throw new NotAFileError(this.#failure(operation, path), "there is a folder in its place");
    return this.#place.objects.get(path);
  }

  #failure(operation: StoreOperation, path: StorePath): { operation: StoreOperation; path: string } {
    return { operation, path: `${this.url}/${path}` };
  }
}

/** Returns `a` and `a/b` for `a/b/c`. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) folders.push(path.slice(0, end));
  return folders;
}
