import { loadPart } from "../util/peers/load-part.ts";
import type { MemoryCalls } from "./memory-calls.ts";
import { Place } from "./memory-place.ts";
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
import { assertStorePath } from "./store-path.ts";

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
 * import { memoryStore } from "persistable-ts";
 * import { gaussianPoints } from "./pipeline.ts";
 *
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

/**
 * A store of one place. The calls that a hit needs are here; the others are loaded on first use.
 */
class MemoryStore implements Store {
  readonly url: string;
  readonly capabilities = { exclusiveCreate: true, durable: false, shared: false } as const;
  readonly sync: SyncStore;
  readonly #place: Place;
  #calls: Promise<MemoryCalls> | undefined;

  constructor(url: string, place: Place) {
    this.url = url;
    this.#place = place;
    this.sync = {
      readShared: (path, maxBytes) => {
        const object = place.find(url, "read", path);
        if (object === undefined) return undefined;
        return object.bytes.length > maxBytes ? "too-large" : Buffer.from(object.bytes);
      },
      exists: (path) => place.find(url, "stat", path) !== undefined,
    };
  }

  #load(): Promise<MemoryCalls> {
    this.#calls ??= loadPart(() => import("./memory-calls.ts")).then(({ MemoryCalls }) => {
      const calls = new MemoryCalls(this.url, this.#place);
      Object.assign(this.sync, { createIfAbsent: calls.createNow });
      return calls;
    });
    return this.#calls;
  }

  async read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return (await this.#load()).read(path, options);
  }

  async stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined> {
    return (await this.#load()).stat(path, options);
  }

  async writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    await (await this.#load()).writeFresh(path, chunks, options);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists"> {
    return (await this.#load()).createIfAbsent(path, chunks, options);
  }

  async replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    await (await this.#load()).replace(path, chunks, options);
  }

  async move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return (await this.#load()).move(from, to, options);
  }

  async remove(path: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return (await this.#load()).remove(path, options);
  }

  async *list(prefix: string, options?: StoreCallOptions): AsyncGenerator<StoreEntry> {
    yield* (await this.#load()).list(prefix, options);
  }

  async listFolder(folder: StorePath | "", options?: StoreCallOptions): Promise<StoreFolder> {
    return (await this.#load()).listFolder(folder, options);
  }

  watch(folder: StorePath, listener: () => void): StoreWatch {
    assertStorePath(folder);
    const watcher = { folder, listener };
    this.#place.watchers.add(watcher);
    return { close: () => this.#place.watchers.delete(watcher) };
  }
}
