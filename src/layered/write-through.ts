import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { type PayloadBeside, payloadBeside } from "../artifact/layout/payload-objects.ts";
import { internalPath, isInternal, SPOOL_FOLDER } from "../store/internal-folder.ts";
import type { Chunks, Store, StoreCallOptions, StorePath, WriteOptions } from "../store/store.ts";
import { assertStorePath } from "../store/store-path.ts";
import { digestOf } from "../util/digest/digest.ts";
import { filesOf, isWhole, verified } from "./artifact-puller.ts";
import { piecesIn, SourceFailure } from "./copy-object.ts";
import type { LayerParts } from "./layer-parts.ts";
import { mayMoveRemotely, mayRemoveRemotely } from "./remote-guard.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

/** The bytes of a write, given again as often as they are needed. */
export type Source = () => Chunks;
export type Committed = "created" | "exists" | Unreachable;

/** Payloads that were just brought to the remote; of others it is asked. */
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
      // The caller gave up, or the name was in use there: then the local copy must not stay either.
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

  /** The remote keeps what it has. */
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
   * Bring the payload of a record to the remote, unless it is there. `"damaged"` where the local
   * one is not what the record says: that is not sent.
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
   * Remove the payload that a record of the remote named, as far as the remote answers: what stays
   * is an orphan, and is collected.
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

  /** The remote decides who was first, and who was not takes over what was. */
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
    // From here on it is too late to give up: it has got its name.
    if ((await local.createIfAbsent(path, source(), { durable })) === "created") return "created";
    // Another process has taken it over already, or was told to be the first while the remote did
    // not answer: there is only one first.
    const there = await local.read(path);
    return there === undefined || Buffer.compare(there, await join(source())) === 0 ? "created" : "exists";
  }

  /**
   * The remote cannot decide: the local store does for those who share it, and what is in the
   * remote already goes before it.
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
   * Make an object appear in the remote, unless it is a record whose payload cannot be brought
   * there first.
   */
  async #commit(
    path: StorePath,
    source: Source,
    commit: (remote: Store) => Promise<"created" | "exists">,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const isRecord = objectAt(path).kind === "record";
    const payload = isRecord ? payloadBeside(path, await join(source())) : undefined;
    if (payload !== undefined && (await this.ensureSent(payload, signal)) !== "sent") return unreachable;
    return this.#attempt("create", path, commit, signal);
  }

  async #ensureObject(
    object: Pick<PayloadBeside, "path" | "sizeBytes" | "digest">,
    signal: AbortSignal | undefined,
  ): Promise<"sent" | "damaged" | Unreachable> {
    const { local } = this.#parts;
    const { path, sizeBytes, digest } = object;
    // Good for one record: once that may be there, another process may remove both.
    if (this.#sent.delete(path)) return "sent";
    const there = await this.#attempt("stat", path, (remote) => remote.stat(path, { signal }), signal);
    if (there === unreachable) return unreachable;
    if (there?.sizeBytes === sizeBytes) return "sent";
    if (!(await isWhole(local, object, signal))) return "damaged";
    // The name is one publication's own: whatever is there is what an attempt of ours has left.
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

  /** The remote did not hear of it. What it has is known where the local store has the same. */
  async #rememberRemoval(path: StorePath): Promise<void> {
    const { local, readThrough, dismissals } = this.#parts;
    const { kind } = objectAt(path);
    const isOneObject = kind === "record" || (kind === "other" && !isInternal(path));
    const own = isOneObject ? await local.read(path) : undefined;
    if (own === undefined) readThrough.bury(path);
    else await dismissals.note(path, "removed", digestOf([own]));
  }

  /**
   * This machine no longer looks in the remote for an object that could not be moved away there.
   */
  async #hideDamaged(path: StorePath): Promise<void> {
    const object = objectAt(path);
    if (object.kind === "other" || object.kind === "record") this.#parts.readThrough.bury(path);
    else await this.#parts.healing.dismissDamaged(object.record, this.#attempt);
  }

  /** A stream comes once, and two stores want it: it is put aside first. */
  async #repeatable<Value>(
    path: StorePath,
    chunks: Chunks,
    { signal }: WriteOptions,
    work: (source: Source) => Promise<Value>,
  ): Promise<Value> {
    if (!isStream(chunks)) return work(() => chunks);
    const { local } = this.#parts;
    // A store that does not work says so with the name that was asked for.
    await local.stat(path, { signal });
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("hex");
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

async function join(chunks: Chunks): Promise<Uint8Array> {
  if (!isStream(chunks)) return Buffer.concat(chunks);
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}
