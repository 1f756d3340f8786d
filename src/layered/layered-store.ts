import { objectAt } from "../artifact/layout/artifact-paths.ts";
import type { StoreOperation } from "../errors/store-errors.ts";
import { ReadOnlyStoreError } from "../errors/store-errors.ts";
import { isIntact } from "../record/record-text.ts";
import { DISMISSED_FOLDER, isInternal, SPOOL_FOLDER } from "../store/internal-folder.ts";
import { recordLayers } from "../store/location/reopening.ts";
import { openStore } from "../store/open/open-store.ts";
import type {
  Chunks,
  Healing,
  JudgedRecord,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StoreLayers,
  StorePath,
  StoreWatch,
  WriteOptions,
} from "../store/store.ts";
import { assertStorePath } from "../store/store-path.ts";
import { isClaim } from "./layer-claims.ts";
import { type LayeredMode, parseLayeredMode } from "./layer-mode.ts";
import { type LayerParts, makeLayerParts } from "./layer-parts.ts";
import { LocalWriting, RemoteWriting, type Writing } from "./layer-writing.ts";
import { type Pushed, type PushOptions, pushAll } from "./push-all.ts";
import { type Ask, type RemoteFailureEvent, type RemoteFailures, RemoteLink, unreachable } from "./remote-link.ts";
import { WriteThrough } from "./write-through.ts";

/** The two stores, and how the layered store uses them. */
export interface LayeredStoreOptions {
  /** The store that every read asks first: a folder of this machine. */
  readonly local: string | URL | Store;
  /**
   * The store that reads ask next: a bucket that others use too, such as `"s3://bucket/prefix"`.
   * The fewer attempts it makes by itself, the sooner a call goes on without it.
   */
  readonly remote: string | URL | Store;
  /**
   * Says which of the two stores may be written. Default `"local:rw,remote:rw"`;
   * `"local:rw,remote:r"` is for laptops and CI, which use what is shared and do not share what
   * they make.
   */
  readonly mode?: LayeredMode | undefined;
  /**
   * Called when the remote failed, at most every 5 seconds. Default: a warning of the process
   * (`RemoteStoreWarning`).
   */
  readonly onRemoteFailure?: ((event: RemoteFailureEvent) => void) | undefined;
  /** How many calls to the remote may run at the same time; others wait. Default 32. */
  readonly concurrency?: number | undefined;
}

/** A local store in front of a remote one. */
export interface LayeredStore extends Store {
  /**
   * How the remote has failed so far. Most calls go on without the remote, so that their callers
   * see no error.
   */
  failures(): RemoteFailures;
  /**
   * Bring the remote up to date after it was away: send what only the local store has, artifacts
   * with their payloads first, and remove what was removed here. If the two have different
   * artifacts under one address, both keep theirs, unless `different` says otherwise.
   *
   * @throws {@link ReadOnlyStoreError} where one of the stores may not be written; a StoreError of
   * the local store; the signal's reason
   */
  push(options?: PushOptions): Promise<Pushed>;
}

/**
 * One store in front of another. Reads ask the local one first, and keep there what the remote has;
 * writes go to both. The remote may fail at any time: then the call goes on with the local store
 * alone, and the failure is counted and reported. After three failures in a row, calls go on
 * without the remote for one second, then for two, up to a minute. Calls that only say what there
 * is, or remove something, fail instead: without the remote, their answer could be wrong.
 *
 * Artifacts are whole in either store at any time. What is damaged in the local store is taken from
 * the remote, and never the other way round. If both may be written and the remote can create
 * exclusively, all machines get the same artifact, and leases are held in the remote. While it does
 * not answer, both are true for this machine alone. A payload that is read in parts is first copied
 * as a whole. There are no synchronous calls and no path on the disk, since an object that is not
 * in the local store may be in the remote one. For the same reason a layered store has no log
 * files.
 *
 * @throws TypeError if the mode is not a {@link LayeredMode}.
 * @throws {@link UnknownStoreError} for a path or a URL that {@link openStore} refuses.
 *
 * @example
 * ```ts
 * import { layeredStore } from "persistable-ts/stores/layered";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = layeredStore({ local: "example-data", remote: "s3://results/team", mode: "local:rw,remote:r" });
 * const points = gaussianPoints({ n: 100 }, { dataDir: store });
 * ```
 */
export function layeredStore(options: LayeredStoreOptions): LayeredStore {
  const { mode = "local:rw,remote:rw", onRemoteFailure, concurrency = 32 } = options;
  const local = openStore(options.local);
  const remote = openStore(options.remote);
  const link = new RemoteLink(remote, concurrency, onRemoteFailure);
  const parts = makeLayerParts(local, remote, parseLayeredMode(mode), link);
  return new TwoLayers(parts, new WriteThrough(parts), false);
}

const SMALL_BYTES = 64 * 1024;

class TwoLayers implements LayeredStore, StoreLayers {
  readonly url: string;
  readonly watch?: (folder: StorePath, listener: (name?: string) => void) => StoreWatch;
  readonly #parts: LayerParts;
  readonly #through: WriteThrough;
  /** Writes to those of the two stores that may be written; `undefined` if neither may. */
  readonly #writing: Writing | undefined;
  /** Whether a call throws an error if the remote does not answer. */
  readonly #isCertain: boolean;
  #certain: Store | undefined;

  constructor(parts: LayerParts, through: WriteThrough, isCertain: boolean) {
    const { local, remote, writable } = parts;
    this.url = `layered:${local.url},${remote.url}`;
    this.#parts = parts;
    this.#through = through;
    this.#isCertain = isCertain;
    if (writable.local) this.#writing = writable.remote ? through : new LocalWriting(parts);
    else if (writable.remote) this.#writing = new RemoteWriting(parts);
    if (isCertain) this.#certain = this;
    if (local.watch !== undefined) this.watch = local.watch.bind(local);
    recordLayers(this, (path) => parts.claims.layerOf(path));
  }

  get layers(): StoreLayers {
    return this;
  }

  get certain(): Store {
    this.#certain ??= new TwoLayers(this.#parts, this.#through, true);
    return this.#certain;
  }

  get worksAlone(): boolean {
    return this.#parts.writable.local;
  }

  get failure(): Error | undefined {
    const { inARow, last } = this.#parts.link.failures();
    return inARow > 0 ? last?.error : undefined;
  }

  get capabilities(): StoreCapabilities {
    const { writable, local: inFront, remote: behind } = this.#parts;
    const [local, remote] = [inFront.capabilities, behind.capabilities];
    // Neither store can be written, so no two callers can both believe that they created an object.
    if (!writable.local && !writable.remote) return { exclusiveCreate: true, durable: remote.durable, shared: true };
    if (!writable.remote) return { ...local };
    if (!writable.local) return { ...remote };
    const isExclusive = remote.exclusiveCreate || (local.exclusiveCreate && (local.shared || !remote.shared));
    return { exclusiveCreate: isExclusive, durable: local.durable, shared: local.shared || remote.shared };
  }

  async prepare(options: StoreCallOptions = {}): Promise<void> {
    const { local, link, claims, writable } = this.#parts;
    await local.prepare?.(options);
    // A store finds out what it can do by writing, so only a remote that may be written is asked.
    if (writable.remote) await link.prepare(options);
    claims.settle();
  }

  failures(): RemoteFailures {
    return this.#parts.link.failures();
  }

  async read(path: StorePath, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const { local, claims, healing } = this.#parts;
    if (isClaim(path)) return claims.run("read", path, (store) => store.read(path, options), options.signal);
    if (!healing.distrusts(path)) {
      const own = this.#readRecordNow(path, options) ?? (await local.read(path, options));
      if (own !== undefined) return own;
    }
    return this.#isHidden(path) ? undefined : this.#readRemotely(path, options);
  }

  async stat(path: StorePath, options: StoreCallOptions = {}): Promise<StoreEntry | undefined> {
    const { local, claims, healing, readThrough } = this.#parts;
    const { signal } = options;
    if (isClaim(path)) return claims.run("stat", path, (store) => store.stat(path, options), signal);
    if (!healing.distrusts(path)) {
      const own = await local.stat(path, options);
      if (own !== undefined) return own;
    }
    if (this.#isHidden(path)) return undefined;
    const entry = await this.#ask("stat", path, (remote) => remote.stat(path, options), signal);
    if (entry === unreachable) readThrough.hide(path);
    if (entry === unreachable || entry === undefined) return undefined;
    return (await this.#isDismissed(path, signal)) ? undefined : entry;
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    return this.#writer("write", path).writeFresh(path, chunks, options);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    const { claims, readThrough } = this.#parts;
    const writing = this.#writer("create", path);
    if (isClaim(path)) return claims.createIfAbsent(path, chunks, options);
    const outcome = await writing.createIfAbsent(path, chunks, options);
    readThrough.forget(path);
    return outcome;
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const { claims, readThrough } = this.#parts;
    const writing = this.#writer("replace", path);
    const { signal } = options;
    if (isClaim(path)) return claims.run("replace", path, (store) => store.replace(path, chunks, options), signal);
    await writing.replace(path, chunks, options);
    readThrough.forget(path);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    return this.#writer("move", from).move(from, to, options);
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const writing = this.#writer("remove", path);
    if (isClaim(path)) return this.#parts.claims.remove(path, options.signal);
    return writing.remove(path, options);
  }

  async *list(prefix: string, options: StoreCallOptions = {}): AsyncGenerator<StoreEntry> {
    const { local, link, dismissals } = this.#parts;
    const seen = new Set<StorePath>();
    for await (const entry of local.list(prefix, options)) {
      if (isOwnObject(entry.path)) continue;
      seen.add(entry.path);
      yield entry;
    }
    const dismissed = new Set<StorePath>();
    for await (const { path } of dismissals.list(prefix)) dismissed.add(path);
    for await (const entry of link.list(prefix, options, this.#isCertain)) {
      if (seen.has(entry.path) || this.#isHidden(entry.path)) continue;
      if (!dismissed.has(entry.path) || !(await this.#isDismissed(entry.path, options.signal))) yield entry;
    }
  }

  heal(record: StorePath, judged: JudgedRecord, { signal }: StoreCallOptions = {}): Promise<Healing> {
    return this.#parts.healing.heal(record, judged, this.#askPersistently, signal);
  }

  healObject(
    path: StorePath,
    isSound: (bytes: Uint8Array) => boolean,
    { signal }: StoreCallOptions = {},
  ): Promise<Healing> {
    return this.#parts.healing.healObject(path, isSound, this.#askPersistently, signal);
  }

  async isEverywhere(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const { local, link, writable } = this.#parts;
    if (!writable.local || !writable.remote) return true;
    const [own, theirs] = await Promise.all([
      local.stat(path, options),
      link.attempt("stat", path, (remote) => remote.stat(path, options), options.signal),
    ]);
    // If only the remote has the object, there is no size to compare it with: an object in the
    // remote is always complete.
    return theirs !== unreachable && theirs !== undefined && (own === undefined || own.sizeBytes === theirs.sizeBytes);
  }

  async replaceDamaged(
    record: StorePath,
    chunks: readonly Uint8Array[],
    judged: JudgedRecord,
    options: WriteOptions = {},
  ): Promise<"replaced" | "exists"> {
    const { isHealed, failure } = await this.heal(record, judged, options);
    if (isHealed) return "exists";
    const { writable } = this.#parts;
    // If the remote could not be asked, its artifact may be whole: so only the local one is
    // replaced.
    if (failure !== undefined && writable.local) await this.#through.replaceLocally(record, chunks, options);
    else await this.replace(record, chunks, options);
    return "replaced";
  }

  async push(options: PushOptions = {}): Promise<Pushed> {
    const { writable } = this.#parts;
    if (!writable.remote || !writable.local) throw this.#refusal("write", this.url as StorePath);
    return pushAll(this.#parts, this.#through, options);
  }

  readonly #ask: Ask = (...call) =>
    this.#isCertain ? this.#parts.link.demand(...call) : this.#parts.link.attempt(...call);

  /**
   * Like `#ask`, but never throws a failure of the remote. For callers that want certainty, it asks
   * the remote even while others do not ask it.
   */
  readonly #askPersistently: Ask = (...call) =>
    this.#isCertain ? this.#parts.link.insist(...call) : this.#parts.link.attempt(...call);

  async #readRemotely(path: StorePath, options: ReadOptions): Promise<Uint8Array | undefined> {
    const { local, readThrough, writable } = this.#parts;
    const { signal, range } = options;
    const keeps = writable.local && !isInternal(path);
    const isFetched = keeps && range !== undefined && (await readThrough.fetch(path, this.#askPersistently, signal));
    if (isFetched === true) return local.read(path, options);
    const bytes =
      isFetched === unreachable && !this.#isCertain
        ? unreachable
        : await this.#ask("read", path, (remote) => remote.read(path, options), signal);
    if (bytes === unreachable) readThrough.hide(path);
    if (bytes === undefined || bytes === unreachable) return undefined;
    if (await this.#isDismissed(path, signal, isWholeRead(bytes, range) ? bytes : undefined)) return undefined;
    if (keeps && (range === undefined || range.start === 0)) await readThrough.keep(path, bytes, range?.end, signal);
    return bytes;
  }

  /**
   * Reads a sound record of usual size without a trip through the thread pool, which costs more
   * than the read.
   */
  #readRecordNow(path: StorePath, { signal, range, maxBytes = SMALL_BYTES }: ReadOptions): Uint8Array | undefined {
    const { local } = this.#parts;
    const isAllWanted = range === undefined || (range.start === 0 && range.end > SMALL_BYTES);
    if (local.sync === undefined || !isAllWanted || objectAt(path).kind !== "record") return undefined;
    signal?.throwIfAborted();
    const bytes = local.sync.readShared(path, Math.min(maxBytes, SMALL_BYTES));
    // A synchronous read may give fewer bytes than there are, so the record is checked. It is
    // copied, since the next read reuses the memory.
    return bytes instanceof Uint8Array && isIntact(bytes) ? new Uint8Array(bytes) : undefined;
  }

  /**
   * Returns whether the remote is not asked for an object. Callers that want certainty ask again,
   * even if the remote did not answer a moment ago.
   */
  #isHidden(path: StorePath): boolean {
    const { readThrough } = this.#parts;
    return this.#isCertain ? readThrough.isBuried(path) : readThrough.isHidden(path);
  }

  /**
   * Returns whether this machine does not use what the remote has under this name. Callers that
   * want certainty get a damaged object all the same.
   */
  async #isDismissed(path: StorePath, signal: AbortSignal | undefined, known?: Uint8Array): Promise<boolean> {
    const { dismissals } = this.#parts;
    const dismissal = await dismissals.find(path);
    if (dismissal === undefined || (this.#isCertain && dismissal.why === "damaged")) return false;
    const bytes = known ?? (await this.#ask("read", path, (remote) => remote.read(path, { signal }), signal));
    return bytes instanceof Uint8Array && (await dismissals.hides(path, bytes)) !== undefined;
  }

  #writer(operation: StoreOperation, path: StorePath): Writing {
    if (this.#writing !== undefined) return this.#writing;
    assertStorePath(path);
    throw this.#refusal(operation, path);
  }

  #refusal(operation: StoreOperation, path: StorePath): ReadOnlyStoreError {
    return new ReadOnlyStoreError({ operation, path: `${this.url}/${path}`, cause: this.failure });
  }
}

function isWholeRead(bytes: Uint8Array, range: ReadOptions["range"]): boolean {
  return range === undefined || (range.start === 0 && bytes.length < range.end);
}

/** Whether the layered store keeps an object for itself, and hides it from its callers. */
function isOwnObject(path: string): boolean {
  return path.startsWith(`${SPOOL_FOLDER}/`) || path.startsWith(`${DISMISSED_FOLDER}/`);
}
