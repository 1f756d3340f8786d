import { ReadOnlyStoreError } from "../errors/read-only-errors.ts";
import type { StoreOperation } from "../errors/store-errors.ts";
import { ArtifactKeeper } from "./artifact-keeper.ts";
import { describeObject, isSoundRecord } from "./artifact-objects.ts";
import { isClaim, LayerClaims } from "./layer-claims.ts";
import { INTERNAL_PREFIX, SPOOL_FOLDER } from "./layer-folders.ts";
import { type LayeredMode, parseLayeredMode, type WritableLayers } from "./layer-mode.ts";
import { type RemoteFailureEvent, type RemoteFailures, RemoteLink, unreachable } from "./remote-link.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StorePath,
  StoreWatch,
  WriteOptions,
} from "./store.ts";
import { assertStorePath } from "./store-path.ts";
import { WriteThrough } from "./write-through.ts";

/** How two stores become one. */
export interface LayeredStoreOptions {
  /** Asked first: a folder of this machine. */
  readonly local: Store;
  /** Asked for what is not there: a bucket that others use too. The fewer attempts it makes by itself, the sooner a call goes on without it. */
  readonly remote: Store;
  /**
   * Which of them may be written. Default `"local:rw,remote:rw"`; `"local:rw,remote:r"` is for laptops and CI, which use what is shared and keep to
   * themselves what they make.
   */
  readonly mode?: LayeredMode | undefined;
  /** Called when the remote failed, at most every 5 seconds. Default: a warning of the process (`RemoteStoreWarning`). */
  readonly onRemoteFailure?: ((event: RemoteFailureEvent) => void) | undefined;
  /** How many calls the remote has to do with at once; others wait. Default 32. */
  readonly concurrency?: number | undefined;
}

/** What {@link LayeredStore.push} has brought to the remote. */
export interface Pushed {
  /** Objects that only the local store had. */
  readonly sent: number;
  /** Objects that the remote had already. */
  readonly present: number;
  /** Objects for which the remote did not answer. */
  readonly failed: number;
}

/** A local store before a remote one. */
export interface LayeredStore extends Store {
  /** How the remote has failed so far: its failures are nobody's errors. */
  failures(): RemoteFailures;
  /**
   * Bring to the remote what only the local store has, artifacts with their payloads first: what was made while the remote was away.
   *
   * @throws {@link ReadOnlyStoreError} where the remote may not be written; a StoreError of the local store; the signal's reason
   */
  push(options?: StoreCallOptions): Promise<Pushed>;
}

/**
 * One store before another: reads ask the local one first, and keep there what the remote has; writes go to both. The remote may fail
 * at any time: then the call goes on with the local store alone, and the failure is counted and told. After three failures in a row the remote
 * is left alone for a second, then for two, up to a minute.
 *
 * Artifacts are whole in either store at any time. Where both may be written and the remote can exclude, one artifact wins for everybody, and leases
 * are held there; while it does not answer, both hold for this machine alone. A payload that is read in parts is copied first, all of it. There is no synchronous door and no
 * path on the disk, since an object that is not in the local store may be in the remote one; so there are no log files, either.
 *
 * @throws TypeError for a mode that is none.
 *
 * @example
 * ```ts
 * const store = layeredStore({ local: fileStore("example-data"), remote: fileStore("/mnt/shared/example-data"), mode: "local:rw,remote:r" });
 * const points = gaussianPoints({ n: 100 }, { dataDir: store });
 * ```
 */
export function layeredStore(options: LayeredStoreOptions): LayeredStore {
  return new TwoLayers(options);
}

const SMALL_BYTES = 64 * 1024;

type Writing = Pick<Store, "writeFresh" | "createIfAbsent" | "replace" | "move" | "remove">;

class TwoLayers implements LayeredStore {
  readonly url: string;
  readonly watch?: (folder: StorePath, listener: () => void) => StoreWatch;
  readonly #local: Store;
  readonly #remote: Store;
  readonly #writable: WritableLayers;
  readonly #link: RemoteLink;
  readonly #keeper: ArtifactKeeper;
  readonly #claims: LayerClaims;
  readonly #through: WriteThrough;

  constructor(options: LayeredStoreOptions) {
    const { local, remote, mode = "local:rw,remote:rw", onRemoteFailure, concurrency = 32 } = options;
    this.#writable = parseLayeredMode(mode);
    this.url = `layered:${local.url},${remote.url}`;
    this.#local = local;
    this.#remote = remote;
    this.#link = new RemoteLink(remote, concurrency, onRemoteFailure);
    this.#keeper = new ArtifactKeeper(local, this.#link);
    this.#claims = new LayerClaims(local, remote, this.#link, this.#writable);
    this.#through = new WriteThrough(local, remote, this.#link, this.#keeper);
    if (local.watch !== undefined) this.watch = local.watch.bind(local);
  }

  get capabilities(): StoreCapabilities {
    const { local: writesLocal, remote: writesRemote } = this.#writable;
    const [local, remote] = [this.#local.capabilities, this.#remote.capabilities];
    // Nothing can be created, so nobody is told that it was.
    if (!writesLocal && !writesRemote) return { exclusiveCreate: true, durable: remote.durable, shared: true };
    if (!writesRemote) return { ...local };
    if (!writesLocal) return { ...remote };
    const isExclusive = remote.exclusiveCreate || (local.exclusiveCreate && (local.shared || !remote.shared));
    return { exclusiveCreate: isExclusive, durable: local.durable, shared: local.shared || remote.shared };
  }

  async prepare(options: StoreCallOptions = {}): Promise<void> {
    await this.#local.prepare?.(options);
    // To find out what a store can do is to write into it.
    if (this.#writable.remote) await this.#link.prepare(options);
    this.#claims.settle();
  }

  failures(): RemoteFailures {
    return this.#link.failures();
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { signal, range } = options;
    if (isClaim(path)) return this.#claims.run("read", path, (store) => store.read(path, options), signal);
    const sound = this.#readRecordNow(path, options);
    if (sound !== undefined) return sound;
    const own = await this.#local.read(path, options);
    if (own !== undefined && (await this.#isMended(path, own, options))) return this.#local.read(path, options);
    if (own !== undefined || this.#keeper.isHidden(path)) return own;
    const keeps = this.#writable.local && !path.startsWith(INTERNAL_PREFIX);
    const fetched = keeps && range !== undefined && (await this.#keeper.fetch(path, signal));
    if (fetched === true) return this.#local.read(path, options);
    const bytes =
      fetched === unreachable
        ? unreachable
        : await this.#link.attempt("read", path, (remote) => remote.read(path, options), signal);
    if (bytes === unreachable) this.#keeper.hide(path);
    if (bytes === undefined || bytes === unreachable) return undefined;
    if (keeps && (range === undefined || range.start === 0)) await this.#keeper.keep(path, bytes, range?.end, signal);
    return bytes;
  }

  async stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    const { signal } = options;
    if (isClaim(path)) return this.#claims.run("stat", path, (store) => store.stat(path, options), signal);
    const own = await this.#local.stat(path, options);
    if (own !== undefined || this.#keeper.isHidden(path)) return own;
    const entry = await this.#link.attempt("stat", path, (remote) => remote.stat(path, options), signal);
    if (entry !== unreachable) return entry;
    this.#keeper.hide(path);
    return undefined;
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    return this.#writing("write", path).writeFresh(path, chunks, options);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    const writing = this.#writing("create", path);
    if (isClaim(path)) return this.#claims.createIfAbsent(path, chunks, options);
    const outcome = await writing.createIfAbsent(path, chunks, options);
    this.#keeper.forget(path);
    return outcome;
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const writing = this.#writing("replace", path);
    const { signal } = options;
    if (isClaim(path))
      return this.#claims.run("replace", path, (store) => store.replace(path, chunks, options), signal);
    await writing.replace(path, chunks, options);
    this.#keeper.forget(path);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    return this.#writing("move", from).move(from, to, options);
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const writing = this.#writing("remove", path);
    if (isClaim(path)) return this.#claims.remove(path, options.signal);
    return writing.remove(path, options);
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    const seen = new Set<StorePath>();
    for await (const entry of this.#local.list(prefix, options)) {
      if (entry.path.startsWith(`${SPOOL_FOLDER}/`)) continue;
      seen.add(entry.path);
      yield entry;
    }
    for await (const entry of this.#link.attemptList(prefix, options))
      if (!seen.has(entry.path) && !this.#keeper.isHidden(entry.path)) yield entry;
  }

  async push({ signal }: StoreCallOptions = {}): Promise<Pushed> {
    if (!this.#writable.remote || !this.#writable.local) throw this.#refusal("write", this.url as StorePath);
    await this.prepare({ signal });
    const counts = { sent: 0, present: 0, failed: 0 };
    for await (const { path, sizeBytes } of this.#local.list("", { signal })) {
      const outcome = await this.#through.push(path, sizeBytes, signal);
      if (outcome === unreachable) counts.failed++;
      else if (outcome !== undefined) counts[outcome === "created" ? "sent" : "present"]++;
    }
    return counts;
  }

  /** A sound record of usual size, without a trip through the thread pool, which costs more than the read. */
  #readRecordNow(path: StorePath, { signal, range, maxBytes = SMALL_BYTES }: ReadOptions): Uint8Array | undefined {
    const isAllWanted = range === undefined || (range.start === 0 && range.end > SMALL_BYTES);
    if (this.#local.sync === undefined || !isAllWanted || describeObject(path).kind !== "record") return undefined;
    signal?.throwIfAborted();
    const bytes = this.#local.sync.readShared(path, Math.min(maxBytes, SMALL_BYTES));
    // A quick read may give less than there is; and it lies in memory that the next one uses again.
    return bytes instanceof Uint8Array && isSoundRecord(bytes) ? new Uint8Array(bytes) : undefined;
  }

  /** Whether a record that is damaged here has given way to the remote's. */
  async #isMended(path: StorePath, own: Uint8Array, { range, signal }: ReadOptions): Promise<boolean> {
    const isWhole = range === undefined || (range.start === 0 && own.length < range.end);
    if (!this.#writable.local || !isWhole || describeObject(path).kind !== "record" || isSoundRecord(own)) return false;
    return !this.#keeper.isHidden(path) && this.#keeper.takeOver(path, signal);
  }

  #writing(operation: StoreOperation, path: StorePath): Writing {
    if (this.#writable.local) return this.#writable.remote ? this.#through : this.#local;
    if (this.#writable.remote) return this.#remoteWriting;
    assertStorePath(path);
    throw this.#refusal(operation, path);
  }

  #refusal(operation: StoreOperation, path: StorePath): ReadOnlyStoreError {
    const cause = this.#link.failures().inARow > 0 ? this.#link.failures().last?.error : undefined;
    return new ReadOnlyStoreError({ operation, path: `${this.url}/${path}`, cause });
  }

  /** Nothing goes on locally where nothing may be written. */
  readonly #remoteWriting: Writing = {
    writeFresh: (path, chunks, options) =>
      this.#link.demand("write", path, (remote) => remote.writeFresh(path, chunks, options), options?.signal),
    createIfAbsent: async (path, chunks, options) => {
      if ((await this.#local.stat(path, options)) !== undefined) return "exists";
      const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, chunks, options);
      return this.#link.demand("create", path, create, options?.signal);
    },
    replace: (path, chunks, options) =>
      this.#link.demand("replace", path, (remote) => remote.replace(path, chunks, options), options?.signal),
    move: (from, to, options) =>
      this.#link.demand("move", from, (remote) => remote.move(from, to, options), options?.signal),
    remove: (path, options) =>
      this.#link.demand("remove", path, (remote) => remote.remove(path, options), options?.signal),
  };
}
