import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { StoreOperation } from "../errors/store-errors.ts";
import { checkSignal } from "./caller-failure.ts";
import type { FileSystem, FileSystemCalls } from "./file-system.ts";
import { listFiles } from "./list-files.ts";
import { nodeFileSystem } from "./node-file-system.ts";
import { createIfAbsent, move, remove, replace, stat, writeFresh } from "./object-steps.ts";
import { readFile } from "./read-file.ts";
import { SharedReader } from "./shared-reader.ts";
import { Slots } from "./slots.ts";
import { driveAsync, driveSync, type Steps } from "./steps.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StorePath,
  StoreWatch,
  SyncStore,
  WriteOptions,
} from "./store.ts";
import { describeFailure } from "./store-failure.ts";
import { assertStorePath } from "./store-path.ts";
import { removeTemporaries } from "./temporary-files.ts";
import { checkFolders, createVolume, type Volume } from "./volume.ts";

/** How a folder is used as a store. */
export interface FileStoreOptions {
  /**
   * Acknowledge a write only when it would survive a power cut. Default `true`; `false` is for scratch work, where a crash of the
   * process must do no harm but a power cut may cost the last seconds.
   */
  readonly durable?: boolean | undefined;
  /** Another disk than this machine's: a simulated one, for tests. */
  readonly fileSystem?: FileSystem | undefined;
}

/** A store in a local folder. */
export interface FileStore extends Store {
  localPath(path: StorePath): string;
  /**
   * Remove what killed processes have left of unfinished writes, and return the number of files. The first write of each process
   * does it by itself.
   *
   * @throws a StoreError
   */
  removeLitter(): Promise<number>;
}

/**
 * A store in a folder of this machine, or of a network file system. The folder is created by the first write.
 *
 * @throws TypeError where the URL is not a `file:` URL.
 *
 * @example
 * ```ts
 * const store = fileStore("example-data", { durable: false });
 * ```
 */
export function fileStore(dir: string | URL, options: FileStoreOptions = {}): FileStore {
  const { durable = true, fileSystem = nodeFileSystem } = options;
  const root = resolve(dir instanceof URL ? fileURLToPath(dir) : dir);
  return new FolderStore(createVolume(root.replace(/(?<=.)[\\/]$/, ""), fileSystem, durable));
}

/** Files open at once, for all stores of a disk together: more would not be faster, and descriptors are scarce. */
const MAX_OPEN_FILES = 64;
const slotsOf = new WeakMap<FileSystem, Slots>();

class FolderStore implements FileStore {
  readonly url: string;
  readonly capabilities: StoreCapabilities;
  readonly sync?: SyncStore;
  readonly watch?: (folder: StorePath, listener: () => void) => StoreWatch;
  readonly #volume: Volume;
  readonly #slots: Slots;

  constructor(volume: Volume) {
    this.#volume = volume;
    this.url = pathToFileURL(volume.root).href;
    this.capabilities = { exclusiveCreate: true, durable: volume.durable, shared: true };
    const { fileSystem } = volume;
    this.#slots = slotsOf.get(fileSystem) ?? new Slots(MAX_OPEN_FILES);
    slotsOf.set(fileSystem, this.#slots);
    if (fileSystem.sync !== undefined) this.sync = createSyncStore(volume, fileSystem.sync);
    if (fileSystem.watch !== undefined) this.watch = (folder, listener) => this.#watch(folder, listener);
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { signal } = options;
    const read = async (full: string): Promise<Uint8Array | undefined> => {
      const folders = checkFolders(this.#volume, full, "read");
      if (!(await driveAsync(folders, this.#volume.fileSystem.async, signal))) return undefined;
      return readFile(this.#volume.fileSystem, full, options);
    };
    return this.#perform("read", path, read, { signal, callsBack: options.onChunk !== undefined });
  }

  stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    return this.#perform(
      "stat",
      path,
      async (full) => {
        const found = await driveAsync(stat(this.#volume, full), this.#volume.fileSystem.async, options.signal);
        return found && { path, ...found };
      },
      options,
    );
  }

  writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    return this.#write("write", path, chunks, options, writeFresh);
  }

  createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    return this.#write("create", path, chunks, options, createIfAbsent);
  }

  replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    return this.#write("replace", path, chunks, options, replace);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    assertStorePath(to);
    return this.#drive("move", from, (full) => move(this.#volume, full, this.#full(to)), options);
  }

  remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    return this.#drive("remove", path, (full) => remove(this.#volume, full), options);
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    try {
      yield* listFiles(this.#volume, prefix, options.signal);
    } catch (error) {
      throw describeFailure(error, { operation: "list", path: join(this.#volume.root, prefix) });
    }
  }

  localPath(path: StorePath): string {
    assertStorePath(path);
    return join(this.#volume.root, path);
  }

  #full(path: StorePath): string {
    return `${this.#volume.root}/${path}`;
  }

  removeLitter(): Promise<number> {
    const { fileSystem } = this.#volume;
    return driveAsync(removeTemporaries(this.#volume), fileSystem.async).catch((error: unknown) => {
      throw describeFailure(error, { operation: "remove", path: this.#volume.root });
    });
  }

  #watch(folder: StorePath, listener: () => void): StoreWatch {
    assertStorePath(folder);
    try {
      const watch = this.#volume.fileSystem.watch?.(this.#full(folder), listener);
      if (watch !== undefined) return watch;
    } catch {
      // The folder is not there yet, or the system is out of watches.
    }
    return { close: () => {} };
  }

  #write<Result>(
    operation: StoreOperation,
    path: StorePath,
    chunks: Chunks,
    options: WriteOptions,
    steps: (volume: Volume, path: string, chunks: Chunks, durable: boolean) => Steps<Result>,
  ): Promise<Result> {
    const durable = options.durable ?? this.#volume.durable;
    const callsBack = Symbol.asyncIterator in chunks;
    const { signal } = options;
    return this.#drive(operation, path, (full) => steps(this.#volume, full, chunks, durable), { signal, callsBack });
  }

  #drive<Result>(
    operation: StoreOperation,
    path: StorePath,
    steps: (full: string) => Steps<Result>,
    options: CallContext,
  ): Promise<Result> {
    const { signal } = options;
    const drive = (full: string): Promise<Result> => driveAsync(steps(full), this.#volume.fileSystem.async, signal);
    return this.#perform(operation, path, drive, options);
  }

  async #perform<Result>(
    operation: StoreOperation,
    path: StorePath,
    work: (full: string) => Promise<Result>,
    { signal, callsBack = false }: CallContext,
  ): Promise<Result> {
    assertStorePath(path);
    const full = this.#full(path);
    try {
      checkSignal(signal);
      return await (callsBack ? work(full) : this.#slots.run(() => work(full)));
    } catch (error) {
      throw describeFailure(error, { operation, path: full });
    }
  }
}

interface CallContext extends StoreCallOptions {
  /** The caller's own code runs meanwhile. It may call the store in turn, and must not wait for a slot that this call holds. */
  readonly callsBack?: boolean;
}

function createSyncStore(volume: Volume, calls: FileSystemCalls): SyncStore {
  const reader = new SharedReader(volume, calls);
  return {
    readShared: (path, maxBytes) => reader.read(path, maxBytes),
    createIfAbsent: (path, chunks, options) => {
      assertStorePath(path);
      const full = `${volume.root}/${path}`;
      try {
        return driveSync(createIfAbsent(volume, full, chunks, options?.durable ?? volume.durable), calls);
      } catch (error) {
        throw describeFailure(error, { operation: "create", path: full });
      }
    },
  };
}
