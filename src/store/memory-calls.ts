import { ObjectExistsError, ObjectTooLargeError, type StoreOperation } from "../errors/store-errors.ts";
import { joinChunks, passToOnChunk, resolveRange } from "./chunks.ts";
import type { Place, StoredObject } from "./memory-place.ts";
import type {
  Chunks,
  ReadOptions,
  StoreCallOptions,
  StoreEntry,
  StoreFolder,
  StorePath,
  WriteOptions,
} from "./store.ts";
import { assertStorePath, assertStorePrefix, isStorePath } from "./store-path.ts";

/** The calls of a store in memory that a hit does not need. */
export class MemoryCalls {
  readonly #url: string;
  readonly #place: Place;

  constructor(url: string, place: Place) {
    this.#url = url;
    this.#place = place;
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
    return this.createNow(path, [await joinChunks(chunks, options.signal)]);
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

  readonly createNow = (path: StorePath, chunks: readonly Uint8Array[]): "created" | "exists" => {
    if (this.#find("create", path) !== undefined) return "exists";
    this.#put("create", path, Buffer.concat(chunks));
    return "created";
  };

  #put(operation: StoreOperation, path: StorePath, bytes: Uint8Array): void {
    this.#find(operation, path);
    this.#place.put(path, bytes);
  }

  #find(operation: StoreOperation, path: StorePath): StoredObject | undefined {
    return this.#place.find(this.#url, operation, path);
  }

  #failure(operation: StoreOperation, path: StorePath): { operation: StoreOperation; path: string } {
    return { operation, path: `${this.#url}/${path}` };
  }
}
