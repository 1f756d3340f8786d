import { ObjectExistsError, StoreIoError, type StoreOperation } from "../../errors/store-errors.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { randomHex } from "../../util/random-hex.ts";
import { INTERNAL_FOLDER, internalPath } from "../internal-folder.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StoreFolder,
  StorePath,
  WriteOptions,
} from "../store.ts";
import { assertStorePath, assertStorePrefix, isStorePath } from "../store-path.ts";
import type { BucketDriver, DriverEntry, DriverPage } from "./bucket-driver.ts";
import { readObject } from "./read-object.ts";
import { type BucketPatience, BucketRequests, type Request } from "./requests.ts";
import { type Writing, writeObject } from "./write-object.ts";

export interface BucketOptions {
  /** A prefix for every key, without a separator at its end. */
  readonly prefix?: string | undefined;
  readonly patience?: Partial<BucketPatience> | undefined;
}

/** Services do not copy larger objects in one request. */
const MAX_COPY_BYTES = 4 * 1024 ** 3;
const PIECE_BYTES = 8 * 1024 * 1024;

/** Creates a store in a bucket of any service. */
export function createBucketStore(driver: BucketDriver, options: BucketOptions = {}): Store {
  return new BucketStore(driver, options);
}

class BucketStore implements Store {
  readonly url: string;
  readonly #driver: BucketDriver;
  readonly #requests: BucketRequests;
  readonly #prefix: string;
  #excludes = false;
  #probing: Promise<void> | undefined;

  constructor(driver: BucketDriver, { prefix = "", patience }: BucketOptions) {
    this.url = driver.url;
    this.#driver = driver;
    this.#requests = new BucketRequests(driver, patience);
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
  }

  get capabilities(): StoreCapabilities {
    return { exclusiveCreate: this.#excludes, durable: true, shared: true };
  }

  async prepare({ signal }: StoreCallOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#probing ??= this.#probe().catch((error: unknown) => {
      this.#probing = undefined;
      throw error;
    });
    await orAborted(this.#probing, ownSignal(signal));
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const request = this.#requestFor("read", path, options.signal);
    return readObject({ driver: this.#driver, requests: this.#requests, key: this.#keyOf(path), request }, options);
  }

  async stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    const entry = await this.#head("stat", path, options.signal);
    return entry && { path, sizeBytes: entry.sizeBytes, modifiedMs: entry.modifiedMs };
  }

  async writeFresh(path: StorePath, chunks: Chunks, { signal }: WriteOptions = {}): Promise<void> {
    const outcome = await this.#create("write", path, chunks, signal);
    if (outcome === "exists") throw new ObjectExistsError(this.#failure("write", path));
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, { signal }: WriteOptions = {}): Promise<"created" | "exists"> {
    return this.#create("create", path, chunks, signal);
  }

  async replace(path: StorePath, chunks: Chunks, { signal }: WriteOptions = {}): Promise<void> {
    assertStorePath(path);
    signal?.throwIfAborted();
    await writeObject(this.#writingFor("replace", path, signal, false), chunks);
  }

  async move(from: StorePath, to: StorePath, { signal }: StoreCallOptions = {}): Promise<boolean> {
    assertStorePath(to);
    const source = await this.#head("move", from, signal);
    if (source === undefined) return false;
    if ((await this.#head("move", to, signal)) !== undefined) throw new ObjectExistsError(this.#failure("move", to));
    const outcome =
      source.sizeBytes > MAX_COPY_BYTES
        ? await this.#create("move", to, this.#piecesOf(from, source.sizeBytes, signal), signal)
        : await this.#requests.send(this.#requestFor("move", from, signal), (attempt) =>
            this.#driver.copy(this.#keyOf(from), this.#keyOf(to), { signal: attempt.signal, ifAbsent: false }),
          );
    if (outcome === "exists") throw new ObjectExistsError(this.#failure("move", to));
    if (outcome === false) return false;
    await this.remove(from, { signal });
    return true;
  }

  async remove(path: StorePath, { signal }: StoreCallOptions = {}): Promise<boolean> {
    const entry = await this.#head("remove", path, signal);
    if (entry === undefined) return false;
    await this.#requests.send(this.#requestFor("remove", path, signal), (attempt) =>
      this.#driver.remove(this.#keyOf(path), { signal: attempt.signal }),
    );
    return true;
  }

  async *list(prefix: string, { signal }: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    assertStorePrefix(prefix);
    for await (const { entries } of this.#pages(prefix, false, signal)) {
      for (const { key, sizeBytes, modifiedMs } of entries) {
        const path = key.slice(this.#prefix.length);
        if (isStorePath(path)) yield { path, sizeBytes, modifiedMs };
      }
    }
  }

  async listFolder(folder: StorePath | "", { signal }: StoreCallOptions = {}): Promise<StoreFolder> {
    if (folder !== "") assertStorePath(folder);
    const prefix = folder === "" ? "" : `${folder}/`;
    const start = this.#prefix.length + prefix.length;
    const objects: string[] = [];
    const folders = new Set<string>();
    const add = (key: string): void => {
      const [name = "", inner] = key.slice(start).split("/", 2);
      if (!isStorePath(`${prefix}${name}`)) return;
      // A service that does not know folders lists all objects in them instead.
      if (inner === undefined) objects.push(name);
      else folders.add(name);
    };
    for await (const page of this.#pages(prefix, true, signal)) {
      for (const { key } of page.entries) add(key);
      for (const inner of page.folders ?? []) add(inner);
    }
    return { objects, folders: [...folders] };
  }

  async *#pages(prefix: string, isFolderAlone: boolean, signal: AbortSignal | undefined): AsyncGenerator<DriverPage> {
    signal?.throwIfAborted();
    const request: Request = { operation: "list", path: this.#urlOf(prefix), signal: ownSignal(signal) };
    let after: string | undefined;
    do {
      const from = after;
      const page = await this.#requests.send(request, (attempt) =>
        this.#driver.list(`${this.#prefix}${prefix}`, { signal: attempt.signal, after: from, isFolderAlone }),
      );
      yield page;
      after = page.next;
    } while (after !== undefined);
  }

  async #create(
    operation: StoreOperation,
    path: StorePath,
    chunks: Chunks,
    signal: AbortSignal | undefined,
  ): Promise<"created" | "exists"> {
    assertStorePath(path);
    signal?.throwIfAborted();
    await this.prepare({ signal });
    // If the service cannot refuse to overwrite, the last of several writers wins; an object that
    // has existed for long is at least left alone.
    if (!this.#excludes && (await this.#head(operation, path, signal)) !== undefined) return "exists";
    return writeObject(this.#writingFor(operation, path, signal, this.#excludes), chunks);
  }

  /**
   * Finds out whether the service can refuse to overwrite an object. Some services do, some say
   * that they cannot, and some overwrite the object all the same.
   */
  async #probe(): Promise<void> {
    const name = randomHex(8);
    const path = internalPath(INTERNAL_FOLDER, `probe-${name}`);
    const put = (text: string): Promise<"created" | "exists" | "unsupported"> =>
      this.#requests.send(this.#requestFor("create", path, undefined), async ({ signal }) => {
        try {
          return await this.#driver.put(this.#keyOf(path), Buffer.from(text), { signal, ifAbsent: true });
        } catch (error) {
          if (this.#requests.classify(error).kind === "unsupported") return "unsupported";
          throw error;
        }
      });
    const outcomes = [await put("first")];
    if (outcomes[0] !== "unsupported") outcomes.push(await put("second"));
    const isKept = async (): Promise<boolean> => {
      const bytes = await this.read(path);
      return bytes !== undefined && Buffer.from(bytes).toString() === "first";
    };
    this.#excludes = outcomes[1] === "exists" && (await isKept());
    // The failure is ignored, since a user who may not remove objects may still store them.
    if (outcomes[0] !== "unsupported") await this.remove(path).catch(() => {});
  }

  async *#piecesOf(path: StorePath, sizeBytes: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < sizeBytes; start += PIECE_BYTES) {
      const piece = await this.read(path, { range: { start, end: start + PIECE_BYTES }, signal });
      if (piece === undefined || piece.length === 0)
        throw new StoreIoError(this.#failure("move", path), "it was cut short while it was copied");
      yield piece;
    }
  }

  #head(operation: StoreOperation, path: StorePath, signal: AbortSignal | undefined): Promise<DriverEntry | undefined> {
    return this.#requests.send(this.#requestFor(operation, path, signal), (attempt) =>
      this.#driver.head(this.#keyOf(path), { signal: attempt.signal }),
    );
  }

  #writingFor(operation: StoreOperation, path: StorePath, signal: AbortSignal | undefined, ifAbsent: boolean): Writing {
    return {
      driver: this.#driver,
      requests: this.#requests,
      key: this.#keyOf(path),
      operation,
      path: this.#failure(operation, path).path,
      signal: ownSignal(signal),
      ifAbsent,
    };
  }

  #requestFor(operation: StoreOperation, path: StorePath, signal: AbortSignal | undefined): Request {
    assertStorePath(path);
    return { ...this.#failure(operation, path), signal: ownSignal(signal) };
  }

  #failure(operation: StoreOperation, path: StorePath): { readonly operation: StoreOperation; readonly path: string } {
    return { operation, path: this.#urlOf(path) };
  }

  /** `s3://bucket/prefix/path?endpoint=…` */
  #urlOf(path: string): string {
    return this.url.replace(/(?=\?|$)/, `/${path.replaceAll("$", "$$$$")}`);
  }

  #keyOf(path: StorePath): string {
    return `${this.#prefix}${path}`;
  }
}

/**
 * Wraps the caller's signal: every request listens to it, and Node warns if more than ten listeners
 * share one signal, as all calls of a caller may.
 */
function ownSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return signal && AbortSignal.any([signal]);
}
