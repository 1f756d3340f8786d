import { loadPart } from "../../util/peers/load-part.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StoreFolder,
  StorePath,
  StoreWatch,
  SyncStore,
  WriteOptions,
} from "../store.ts";
import { assertStorePath } from "../store-path.ts";
import { checkFolders, type Ground } from "./calls/check-folders.ts";
import { driveSync } from "./calls/file-steps.ts";
import type { FileSystem, FileSystemCalls } from "./calls/file-system.ts";
import { nodeSyncCalls, shortcuts, watchFolder } from "./calls/node-sync-calls.ts";
import { SharedReader } from "./calls/record-reader.ts";
import type { FolderAccess } from "./folder-access.ts";

const { join, resolve } = process.getBuiltinModule("node:path");
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule("node:url");

export interface FileStoreOptions {
  /**
   * Acknowledges a write only when it would survive a power cut. Default `true`; `false` is for
   * scratch work: a crash of the process does no harm, but a power cut may cost the last seconds.
   */
  readonly durable?: boolean | undefined;
  /** The file system to use instead of this machine's disk: tests give a simulated one. */
  readonly fileSystem?: FileSystem | undefined;
}

/** A store in a local folder. */
export interface FileStore extends Store {
  localPath(path: StorePath): string;
  /**
   * Removes the unfinished writes of killed processes, and returns the number of files.
   * The first write of each process calls it.
   *
   * @throws a StoreError
   */
  removeLitter(): Promise<number>;
  /** Says what {@link removeLitter} would remove now. @throws a StoreError */
  listLitter(): Promise<readonly StoreEntry[]>;
}

/**
 * Creates a store in a folder of this machine, or of a network file system. The folder is created
 * by the first write.
 *
 * @throws TypeError if the URL is not a `file:` URL.
 *
 * @example
 * ```ts
 * import { fileStore } from "persistable-ts";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = fileStore("example-data", { durable: false });
 * const points = gaussianPoints({ n: 100 }, { dataDir: store });
 * ```
 */
export function fileStore(dir: string | URL, options: FileStoreOptions = {}): FileStore {
  const { durable = true, fileSystem } = options;
  const root = resolve(dir instanceof URL ? fileURLToPath(dir) : dir).replace(/(?<=.)[\\/]$/, "");
  return new FolderStore({ root }, durable, fileSystem);
}

/** This module does everything except synchronous reads; it is loaded on its first use. */
let accessModule: typeof import("./folder-access.ts") | undefined;

class FolderStore implements FileStore {
  readonly url: string;
  readonly capabilities: StoreCapabilities;
  readonly sync?: SyncStore;
  readonly watch?: (folder: StorePath, listener: (name?: string) => void) => StoreWatch;
  readonly #ground: Ground;
  readonly #fileSystem: FileSystem | undefined;
  #access: FolderAccess | undefined;

  constructor(ground: Ground, durable: boolean, fileSystem: FileSystem | undefined) {
    this.#ground = ground;
    this.#fileSystem = fileSystem;
    this.url = pathToFileURL(ground.root).href;
    this.capabilities = { exclusiveCreate: true, durable, shared: true };
    const calls = fileSystem === undefined ? nodeSyncCalls : fileSystem.sync;
    if (calls !== undefined) this.sync = this.#createDoor(calls);
    const watch = fileSystem === undefined ? watchFolder : fileSystem.watch?.bind(fileSystem);
    if (watch !== undefined) this.watch = (folder, listener) => this.#watch(watch, folder, listener);
  }

  read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.#perform((access) => access.read(path, options));
  }

  stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined> {
    return this.#perform((access) => access.stat(path, options));
  }

  writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    return this.#perform((access) => access.writeFresh(path, chunks, options));
  }

  createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists"> {
    return this.#perform((access) => access.createIfAbsent(path, chunks, options));
  }

  replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    return this.#perform((access) => access.replace(path, chunks, options));
  }

  move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#perform((access) => access.move(from, to, options));
  }

  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#perform((access) => access.remove(path, options));
  }

  async *list(prefix: string, options?: StoreCallOptions): AsyncGenerator<StoreEntry> {
    const access = this.#loaded() ?? (await this.#load());
    yield* access.list(prefix, options);
  }

  listFolder(folder: StorePath | "", options?: StoreCallOptions): Promise<StoreFolder> {
    return this.#perform((access) => access.listFolder(folder, options));
  }

  removeFolder(folder: StorePath): Promise<void> {
    return this.#perform((access) => access.removeFolder(folder));
  }

  moveFolder(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#perform((access) => access.moveFolder(from, to, options));
  }

  removeTree(folder: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#perform((access) => access.removeTree(folder, options));
  }

  removeLitter(): Promise<number> {
    return this.#perform((access) => access.removeLitter());
  }

  listLitter(): Promise<readonly StoreEntry[]> {
    return this.#perform((access) => access.listLitter());
  }

  localPath(path: StorePath): string {
    assertStorePath(path);
    return join(this.#ground.root, path);
  }

  #watch(watch: NonNullable<FileSystem["watch"]>, folder: StorePath, listener: (name?: string) => void): StoreWatch {
    assertStorePath(folder);
    const full = `${this.#ground.root}/${folder}`;
    const calls = this.#fileSystem === undefined ? nodeSyncCalls : this.#fileSystem.sync;
    try {
      // The check covers the folders above a name. So it gets a name inside the folder, to cover
      // the folder itself too.
      if (calls === undefined || driveSync(checkFolders(this.#ground, `${full}/_`, "list"), calls))
        return watch(full, listener);
    } catch {
      // The folder does not exist, or the system is out of watches.
    }
    return { close: () => {} };
  }

  #createDoor(calls: FileSystemCalls): SyncStore {
    const reader = new SharedReader(this.#ground, calls, calls === nodeSyncCalls ? shortcuts : undefined);
    const loaded = (): FolderAccess | undefined => this.#loaded();
    return {
      readShared: (path, maxBytes) => reader.read(path, maxBytes),
      exists: (path) => reader.exists(path),
      get remove() {
        const access = loaded();
        return access && ((path: StorePath) => access.removeSync(calls, path));
      },
      get createIfAbsent() {
        const access = loaded();
        if (access === undefined) return undefined;
        return (path: StorePath, chunks: readonly Uint8Array[], options?: { readonly durable?: boolean }) =>
          access.createIfAbsentSync(calls, path, chunks, options?.durable);
      },
    };
  }

  #perform<Result>(work: (access: FolderAccess) => Promise<Result>): Promise<Result> {
    const access = this.#loaded();
    return access === undefined ? this.#load().then(work) : work(access);
  }

  #loaded(): FolderAccess | undefined {
    if (this.#access === undefined && accessModule !== undefined)
      this.#access = new accessModule.FolderAccess(this.#ground, this.capabilities.durable, this.#fileSystem);
    return this.#access;
  }

  async #load(): Promise<FolderAccess> {
    accessModule ??= await loadPart(() => import("./folder-access.ts"));
    return this.#loaded() as FolderAccess;
  }
}
