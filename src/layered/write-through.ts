import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { type PayloadBeside, payloadBeside } from "../artifact/layout/payload-objects.ts";
import { joinChunks } from "../store/chunks.ts";
import { internalPath, isInternal, SPOOL_FOLDER } from "../store/internal-folder.ts";
import type { Chunks, Store, StoreCallOptions, StorePath, WriteOptions } from "../store/store.ts";
import { assertStorePath } from "../store/store-path.ts";
import { digestOf } from "../util/digest/digest.ts";
import { randomHex } from "../util/random-hex.ts";
import { filesOf, isWhole, verified } from "./artifact-puller.ts";
import { piecesIn, SourceFailure } from "./copy-object.ts";
import type { LayerParts } from "./layer-parts.ts";
import { mayMoveRemotely, mayRemoveRemotely } from "./remote-guard.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

/** The bytes of a write, given again as often as they are needed. */
export type Source = () => Chunks;
export type Committed = "created" | "exists" | Unreachable;

/**
 * How many payloads are remembered as sent to the remote; for any other, the remote is asked
 * whether it has it.
 */
const MAX_SENT = 10_000;

/**
 * Writes to the local store and to the remote one. What fails in the remote is left undone there,
 * but in the order of a publication: no record appears there before its payload, and no payload
 * goes away that a record there still names.
 */
export class WriteThrough {
  readonly #parts: LayerParts;
  readonly #sent = new Set<StorePath>();

  constructor(parts: LayerParts) {
    this.#parts = parts;
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const { local } = this.#parts;
    const { signal } = options;
    await local.writeFresh(path, chunks, options);
    if (isInternal(path)) return;
    try {
      const sizeBytes = isStream(chunks) ? ((await local.stat(path, { signal }))?.sizeBytes ?? 0) : 0;
      const source = isStream(chunks) ? piecesIn(local, path, sizeBytes, signal) : chunks;
      const sent = await this.#attempt("write", path, (remote) => remote.writeFresh(path, source, options), signal);
      if (sent !== unreachable) this.#noteSent(path);
    } catch (error) {
      // The caller gave up, or the remote already has an object of this name: then the local copy
      // must not stay either.
      await local.remove(path).catch(() => {});
      throw error;
    }
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    const { local, remote, link } = this.#parts;
    if (isInternal(path)) return local.createIfAbsent(path, chunks, options);
    assertStorePath(path);
    await link.prepare(options);
    return this.#repeatable(path, chunks, options, (source) =>
      remote.capabilities.exclusiveCreate
        ? this.#createRemoteFirst(path, source, options)
        : this.#createLocalFirst(path, source, options),
    );
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    if (isInternal(path)) return this.#parts.local.replace(path, chunks, options);
    assertStorePath(path);
    await this.#repeatable(path, chunks, options, async (source) => {
      await this.replaceLocally(path, source(), options);
      const { durable } = options;
      const replaced = await this.#commit(path, source, async (remote) => {
        await remote.replace(path, source(), { durable });
        return "created";
      });
      if (replaced !== unreachable) await this.#parts.dismissals.forget(path);
    });
  }

  /** Replaces only the local object; the remote keeps what it has. */
  async replaceLocally(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const { local, readThrough, healing } = this.#parts;
    await local.replace(path, chunks, options);
    readThrough.forget(path);
    healing.trust(path);
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const { local, readThrough, dismissals } = this.#parts;
    this.#sent.delete(path);
    if (!(await mayRemoveRemotely(path, this.#attempt))) return local.remove(path, options);
    const wasGone = readThrough.isHidden(path);
    const answer = await this.#attempt("remove", path, (remote) => remote.remove(path, options), options.signal);
    readThrough.forget(path);
    if (answer === unreachable) await this.#rememberRemoval(path);
    const removed = await local.remove(path, options);
    if (answer !== true) return removed;
    const wasDismissed = (await dismissals.find(path)) !== undefined;
    if (wasDismissed) await dismissals.forget(path);
    return removed || !(wasGone || wasDismissed);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const { local, readThrough } = this.#parts;
    const may = await mayMoveRemotely(from, this.#parts, this.#attempt);
    const moved = await local.move(from, to, options);
    this.#sent.delete(from);
    if (may === false) return moved;
    readThrough.forget(from);
    const answer =
      may === unreachable
        ? unreachable
        : await this.#attempt("move", from, (remote) => remote.move(from, to, options), options.signal);
    if (answer === unreachable) await this.#hideDamaged(from);
    return moved || answer === true;
  }

  /**
   * Copy the payload of a record to the remote, unless it is there. Returns `"damaged"`, and copies
   * nothing, if the local payload is not what the record says.
   */
  async ensureSent(payload: PayloadBeside, signal?: AbortSignal): Promise<"sent" | "damaged" | Unreachable> {
    const { local } = this.#parts;
    if (payload.filesFolder !== undefined) {
      const list = await local.read(payload.path, { signal });
      const files = list === undefined ? undefined : filesOf(payload.filesFolder, list);
      if (list === undefined || files === undefined || digestOf([list]) !== payload.digest) return "damaged";
      for (const file of files) {
        const sent = await this.#ensureObject(file, signal);
        if (sent !== "sent") return sent;
      }
    }
    return this.#ensureObject(payload, signal);
  }

  /** Replace the remote's record with the local one, and remove the payload that it named. */
  async replaceRemotely(path: StorePath, source: Source, signal?: AbortSignal): Promise<Committed> {
    const before = await this.#attempt("read", path, (remote) => remote.read(path, { signal }), signal);
    if (before === unreachable) return unreachable;
    const replaced = await this.#commit(
      path,
      source,
      async (remote) => {
        await remote.replace(path, source(), { signal });
        return "created";
      },
      signal,
    );
    if (replaced === unreachable) return unreachable;
    await this.#parts.dismissals.forget(path);
    if (before !== undefined) await this.removePayloadRemotely(path, before, signal);
    return replaced;
  }

  /**
   * Remove the payload that a record of the remote named, as far as the remote answers. What stays
   * is an orphan, which is collected later.
   */
  async removePayloadRemotely(record: StorePath, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const payload = payloadBeside(record, bytes);
    if (payload === undefined) return;
    const paths = [payload.path];
    if (payload.filesFolder !== undefined)
      for await (const { path } of this.#parts.link.list(payload.filesFolder, { signal }, false)) paths.push(path);
    for (const path of paths) {
      this.#sent.delete(path);
      if (await mayRemoveRemotely(path, this.#attempt))
        await this.#attempt("remove", path, (remote) => remote.remove(path, { signal }), signal);
    }
  }

  readonly #attempt: Ask = (...call) => this.#parts.link.attempt(...call);

  /**
   * Creates an object in the remote first, which decides which writer was first. A later writer
   * takes over the object of the first one.
   */
  async #createRemoteFirst(path: StorePath, source: Source, options: WriteOptions): Promise<"created" | "exists"> {
    const { local, readThrough } = this.#parts;
    const { signal, durable } = options;
    if ((await local.stat(path, { signal })) !== undefined) return "exists";
    const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, source(), options);
    const outcome = await this.#commit(path, source, create, signal);
    readThrough.forget(path);
    if (outcome === unreachable) return local.createIfAbsent(path, source(), options);
    if (outcome === "exists") {
      const taken = await readThrough.takeOver(path, signal);
      if (taken === "taken") return "exists";
      if (taken === unreachable || (await this.replaceRemotely(path, source, signal)) === unreachable)
        return local.createIfAbsent(path, source(), options);
    }
    // From here on it is too late for an abort, since the object exists in the remote.
    if ((await local.createIfAbsent(path, source(), { durable })) === "created") return "created";
    // Another process of this machine has either copied our object from the remote already, or has
    // created its own while the remote did not answer. In the second case that process was first.
    const there = await local.read(path);
    return there === undefined || Buffer.compare(there, await joinChunks(source())) === 0 ? "created" : "exists";
  }

  /**
   * Creates an object in the local store first, which decides for all who share it, since the
   * remote cannot decide. An object that the remote already has comes before the new one.
   */
  async #createLocalFirst(path: StorePath, source: Source, options: WriteOptions): Promise<"created" | "exists"> {
    const { local, readThrough } = this.#parts;
    if ((await local.createIfAbsent(path, source(), options)) === "exists") return "exists";
    readThrough.forget(path);
    const { durable } = options;
    const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, source(), { durable });
    if ((await this.#commit(path, source, create)) !== "exists") return "created";
    const taken = await readThrough.takeOver(path);
    if (taken === "dismissed") await this.replaceRemotely(path, source);
    return taken === "taken" ? "exists" : "created";
  }

  /**
   * Create an object in the remote, unless it is a record whose payload cannot be copied there
   * first.
   */
  async #commit(
    path: StorePath,
    source: Source,
    commit: (remote: Store) => Promise<"created" | "exists">,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const isRecord = objectAt(path).kind === "record";
    const payload = isRecord ? payloadBeside(path, await joinChunks(source())) : undefined;
    if (payload !== undefined && (await this.ensureSent(payload, signal)) !== "sent") return unreachable;
    return this.#attempt("create", path, commit, signal);
  }

  async #ensureObject(
    object: Pick<PayloadBeside, "path" | "sizeBytes" | "digest">,
    signal: AbortSignal | undefined,
  ): Promise<"sent" | "damaged" | Unreachable> {
    const { local } = this.#parts;
    const { path, sizeBytes, digest } = object;
    // That the payload was sent counts for one record only: once the record may be there, another
    // process may remove both.
    if (this.#sent.delete(path)) return "sent";
    const there = await this.#attempt("stat", path, (remote) => remote.stat(path, { signal }), signal);
    if (there === unreachable) return unreachable;
    if (there?.sizeBytes === sizeBytes) return "sent";
    if (!(await isWhole(local, object, signal))) return "damaged";
    // No other publication uses this name, so what is there was left by an earlier attempt of this
    // one.
    const pieces = verified(piecesIn(local, path, sizeBytes, signal), digest);
    try {
      const sent = await this.#attempt("write", path, (remote) => remote.replace(path, pieces, { signal }), signal);
      return sent === unreachable ? unreachable : "sent";
    } catch (error) {
      if (error instanceof SourceFailure) return "damaged";
      throw error;
    }
  }

  #noteSent(path: StorePath): void {
    if (objectAt(path).kind === "other") return;
    if (this.#sent.size >= MAX_SENT) this.#sent.clear();
    this.#sent.add(path);
  }

  /**
   * Notes a removal that did not reach the remote. If the local store has the object, the note says
   * which bytes are meant: the remote has the same ones.
   */
  async #rememberRemoval(path: StorePath): Promise<void> {
    const { local, readThrough, dismissals } = this.#parts;
    const { kind } = objectAt(path);
    const isOneObject = kind === "record" || (kind === "other" && !isInternal(path));
    const own = isOneObject ? await local.read(path) : undefined;
    if (own === undefined) readThrough.bury(path);
    else await dismissals.note(path, "removed", digestOf([own]));
  }

  /**
   * Makes this machine ignore the remote's copy of an object that could not be moved away there.
   */
  async #hideDamaged(path: StorePath): Promise<void> {
    const object = objectAt(path);
    if (object.kind === "other" || object.kind === "record") this.#parts.readThrough.bury(path);
    else await this.#parts.healing.dismissDamaged(object.record, this.#attempt);
  }

  /**
   * A stream can be read only once, but two stores need its bytes: so they are first written to a
   * temporary object.
   */
  async #repeatable<Value>(
    path: StorePath,
    chunks: Chunks,
    { signal }: WriteOptions,
    work: (source: Source) => Promise<Value>,
  ): Promise<Value> {
    if (!isStream(chunks)) return work(() => chunks);
    const { local } = this.#parts;
    // A store that does not work fails here already, and its error names the path that the caller
    // knows.
    await local.stat(path, { signal });
    const random = randomHex(12);
    const aside = internalPath(SPOOL_FOLDER, random);
    try {
      await local.writeFresh(aside, chunks, { signal, durable: false });
      const sizeBytes = (await local.stat(aside, { signal }))?.sizeBytes ?? 0;
      return await work(() => piecesIn(local, aside, sizeBytes));
    } finally {
      await local.remove(aside).catch(() => {});
    }
  }
}

function isStream(chunks: Chunks): chunks is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in chunks;
}
