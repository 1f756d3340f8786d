import { join } from "node:path";
import type { StoreOperation } from "../../errors/store-errors.ts";
import { Slots } from "../../util/concurrency/slots.ts";
import { checkSignal } from "../caller-failure.ts";
import type {
  Chunks,
  ReadOptions,
  StoreCallOptions,
  StoreEntry,
  StoreFolder,
  StorePath,
  WriteOptions,
} from "../store.ts";
import { assertStorePath } from "../store-path.ts";
import { checkFolders, type Ground } from "./calls/check-folders.ts";
import { toStoreError } from "./calls/classify-system-error.ts";
import { driveAsync } from "./calls/drive-async.ts";
import { driveSync, type Steps } from "./calls/file-steps.ts";
import type { FileSystem, FileSystemCalls } from "./calls/file-system.ts";
import { nodeFileSystem } from "./calls/node-file-system.ts";
import { createVolume, type Volume } from "./calls/volume.ts";
import { moveFolder, removeEmptyFolders, removeTree } from "./folder-steps.ts";
import { listFiles, listNames } from "./list-files.ts";
import { createIfAbsent, move, remove, replace, stat, writeFresh } from "./object-steps.ts";
import { readFile } from "./read-file.ts";
import { listTemporaries, removeTemporaries } from "./temporary-files.ts";

/**
 * The limit of open files, for all stores of a disk together. More open files would not make the
 * work faster, and file descriptors are scarce.
 */
const MAX_OPEN_FILES = 64;
const slotsOf = new WeakMap<FileSystem, Slots>();

/**
 * Does all that a store in a folder does except for synchronous reads, which are enough for a hit:
 * the first other call loads this module.
 */
export class FolderAccess {
  readonly #volume: Volume;
  readonly #slots: Slots;

  constructor(ground: Ground, durable: boolean, fileSystem: FileSystem = nodeFileSystem) {
    this.#volume = createVolume(ground, fileSystem, durable);
    this.#slots = slotsOf.get(fileSystem) ?? new Slots(MAX_OPEN_FILES);
    slotsOf.set(fileSystem, this.#slots);
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { signal } = options;
    const read = async (full: string): Promise<Uint8Array | undefined> => {
      const folders = checkFolders(this.#volume, full, "read");
      const { async: calls } = this.#during(signal);
      if (!(await driveAsync(folders, calls, signal))) return undefined;
      return readFile(calls, full, options);
    };
    return this.#perform("read", path, read, { signal, callsBack: options.onChunk !== undefined });
  }

  stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    return this.#perform(
      "stat",
      path,
      async (full) => {
        const { async: calls } = this.#during(options.signal);
        const found = await driveAsync(stat(this.#volume, full), calls, options.signal);
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

  async moveFolder(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    assertStorePath(to);
    return this.#drive("move", from, (full) => moveFolder(this.#volume, full, this.#full(to)), options);
  }

  removeTree(folder: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    return this.#drive("remove", folder, (full) => removeTree(this.#volume, full), options);
  }

  removeFolder(folder: StorePath): Promise<void> {
    return this.#drive("remove", folder, (full) => removeEmptyFolders(this.#volume, full), {});
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    const { signal } = options;
    try {
      yield* listFiles(this.#volume, this.#during(signal), prefix, signal);
    } catch (error) {
      throw toStoreError(error, { operation: "list", path: join(this.#volume.root, prefix) });
    }
  }

  async listFolder(folder: StorePath | "", options: StoreCallOptions = {}): Promise<StoreFolder> {
    const { signal } = options;
    try {
      return await listNames(this.#volume, this.#during(signal), folder, signal);
    } catch (error) {
      throw toStoreError(error, { operation: "list", path: join(this.#volume.root, folder) });
    }
  }

  createIfAbsentSync(
    calls: FileSystemCalls,
    path: StorePath,
    chunks: readonly Uint8Array[],
    durable: boolean = this.#volume.durable,
  ): "created" | "exists" {
    assertStorePath(path);
    const full = this.#full(path);
    try {
      return driveSync(createIfAbsent(this.#volume, full, chunks, durable), calls);
    } catch (error) {
      throw toStoreError(error, { operation: "create", path: full });
    }
  }

  removeSync(calls: FileSystemCalls, path: StorePath): boolean {
    assertStorePath(path);
    const full = this.#full(path);
    try {
      return driveSync(remove(this.#volume, full), calls);
    } catch (error) {
      throw toStoreError(error, { operation: "remove", path: full });
    }
  }

  removeLitter(): Promise<number> {
    const { fileSystem } = this.#volume;
    return driveAsync(removeTemporaries(this.#volume), fileSystem.async).catch((error: unknown) => {
      throw toStoreError(error, { operation: "remove", path: this.#volume.root });
    });
  }

  listLitter(): Promise<readonly StoreEntry[]> {
    const { fileSystem } = this.#volume;
    return driveAsync(listTemporaries(this.#volume), fileSystem.async).catch((error: unknown) => {
      throw toStoreError(error, { operation: "list", path: this.#volume.root });
    });
  }

  /** Returns the calls of one operation. */
  #during(signal: AbortSignal | undefined): Pick<FileSystem, "async" | "scanFolder"> {
    const { fileSystem } = this.#volume;
    return fileSystem.during?.(signal) ?? fileSystem;
  }

  #full(path: StorePath): string {
    return `${this.#volume.root}/${path}`;
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
    const drive = (full: string): Promise<Result> => driveAsync(steps(full), this.#during(signal).async, signal);
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
      return await (callsBack ? work(full) : this.#slots.run(() => work(full), signal));
    } catch (error) {
      // The caller gave up while it waited for a slot.
      if (signal?.aborted === true && error === signal.reason) throw error;
      throw toStoreError(error, { operation, path: full });
    }
  }
}

interface CallContext extends StoreCallOptions {
  /**
   * Tells that the caller's own code runs during the call. That code may call the store, and must
   * not wait for the slot that this call holds.
   */
  readonly callsBack?: boolean;
}
