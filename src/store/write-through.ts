import type { ArtifactKeeper } from "./artifact-keeper.ts";
import { describeObject, type NamedPayload, payloadNamedIn } from "./artifact-objects.ts";
import { piecesIn } from "./copy-object.ts";
import { INTERNAL_PREFIX, SPOOL_FOLDER } from "./layer-folders.ts";
import { type RemoteLink, type Unreachable, unreachable } from "./remote-link.ts";
import type { Chunks, Store, StoreCallOptions, StorePath, WriteOptions } from "./store.ts";
import { assertStorePath, storePath } from "./store-path.ts";

/** What was written, given again as often as it is needed. */
type Source = () => Chunks;
type Committed = "created" | "exists" | Unreachable;

/** Payloads that were just brought to the remote; of others it is asked. */
const MAX_SENT = 10_000;

/**
 * Writes to the local store and to the remote one. What fails in the remote is left undone there, but in the order of a publication: no record
 * appears there before its payload, and no payload goes away that a record there still names.
 */
export class WriteThrough {
  readonly #local: Store;
  readonly #remote: Store;
  readonly #link: RemoteLink;
  readonly #keeper: ArtifactKeeper;
  readonly #sent = new Set<StorePath>();

  constructor(local: Store, remote: Store, link: RemoteLink, keeper: ArtifactKeeper) {
    this.#local = local;
    this.#remote = remote;
    this.#link = link;
    this.#keeper = keeper;
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const { signal } = options;
    await this.#local.writeFresh(path, chunks, options);
    if (isInternal(path)) return;
    try {
      const sizeBytes = isStream(chunks) ? ((await this.#local.stat(path, { signal }))?.sizeBytes ?? 0) : 0;
      const source = isStream(chunks) ? piecesIn(this.#local, path, sizeBytes, signal) : chunks;
      const sent = await this.#link.attempt(
        "write",
        path,
        (remote) => remote.writeFresh(path, source, options),
        signal,
      );
      if (sent !== unreachable) this.#noteSent(path);
    } catch (error) {
      // Given up, or the name was in use there: then it is nobody's here, either.
      await this.#local.remove(path).catch(() => {});
      throw error;
    }
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    if (isInternal(path)) return this.#local.createIfAbsent(path, chunks, options);
    assertStorePath(path);
    await this.#link.prepare(options);
    return this.#repeatable(path, chunks, options, (source) =>
      this.#remote.capabilities.exclusiveCreate
        ? this.#createRemoteFirst(path, source, options)
        : this.#createLocalFirst(path, source, options),
    );
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    if (isInternal(path)) return this.#local.replace(path, chunks, options);
    assertStorePath(path);
    await this.#repeatable(path, chunks, options, async (source) => {
      await this.#local.replace(path, source(), options);
      this.#keeper.forget(path);
      await this.#commit(path, source, async (remote) => {
        await remote.replace(path, source(), { durable: options.durable });
        return "created";
      });
    });
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const removed = await this.#local.remove(path, options);
    const wasGone = this.#keeper.isHidden(path);
    this.#keeper.forget(path);
    this.#sent.delete(path);
    if (await this.#isNamedRemotely(path)) return removed;
    const answer = await this.#link.attempt("remove", path, (remote) => remote.remove(path, options), options.signal);
    if (answer === unreachable) this.#keeper.bury(path);
    return removed || (answer === true && !wasGone);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const moved = await this.#local.move(from, to, options);
    this.#keeper.forget(from);
    this.#sent.delete(from);
    if (await this.#isNamedRemotely(from)) return moved;
    const answer = await this.#link.attempt("move", from, (remote) => remote.move(from, to, options), options.signal);
    if (answer === unreachable) this.#keeper.bury(from);
    return moved || answer === true;
  }

  /** Bring to the remote an object that only the local store may have; `undefined` for what is no object of its own. */
  async push(path: StorePath, sizeBytes: number, signal: AbortSignal | undefined): Promise<Committed | undefined> {
    const { kind } = describeObject(path);
    // Payloads go with their records. At the top there are logs.
    if (isInternal(path) || kind === "payload" || kind === "part" || !path.includes("/")) return undefined;
    const source = (): Chunks => piecesIn(this.#local, path, sizeBytes, signal);
    const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, source(), { signal });
    return this.#commit(path, source, create, signal);
  }

  /** The remote decides who was first, and who was not takes over what was. */
  async #createRemoteFirst(path: StorePath, source: Source, options: WriteOptions): Promise<"created" | "exists"> {
    const { signal, durable } = options;
    if ((await this.#local.stat(path, { signal })) !== undefined) return "exists";
    const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, source(), options);
    const outcome = await this.#commit(path, source, create, signal);
    this.#keeper.forget(path);
    if (outcome === unreachable) return this.#local.createIfAbsent(path, source(), options);
    if (outcome === "exists") {
      if (await this.#keeper.takeOver(path, signal)) return "exists";
      return this.#local.createIfAbsent(path, source(), options);
    }
    // From here on it is too late to give up: it has got its name.
    if ((await this.#local.createIfAbsent(path, source(), { durable })) === "created") return "created";
    // Somebody has taken it over already, or was told to be the first while the remote did not answer: there is only one first.
    const there = await this.#local.read(path);
    return there === undefined || Buffer.compare(there, await join(source())) === 0 ? "created" : "exists";
  }

  /** The remote cannot decide: the local store does for those who share it, and what is in the remote already goes before it. */
  async #createLocalFirst(path: StorePath, source: Source, options: WriteOptions): Promise<"created" | "exists"> {
    if ((await this.#local.createIfAbsent(path, source(), options)) === "exists") return "exists";
    this.#keeper.forget(path);
    const { durable } = options;
    const create = (remote: Store): Promise<"created" | "exists"> => remote.createIfAbsent(path, source(), { durable });
    const outcome = await this.#commit(path, source, create);
    return outcome === "exists" && (await this.#keeper.takeOver(path)) ? "exists" : "created";
  }

  /** Make an object appear in the remote, unless it is a record whose payload cannot be brought there first. */
  async #commit(
    path: StorePath,
    source: Source,
    commit: (remote: Store) => Promise<"created" | "exists">,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const isRecord = describeObject(path).kind === "record";
    const payload = isRecord ? payloadNamedIn(await join(source()), path) : undefined;
    if (payload !== undefined && !(await this.#ensureSent(payload, signal))) return unreachable;
    return this.#link.attempt("create", path, commit, signal);
  }

  async #ensureSent(payload: NamedPayload, signal: AbortSignal | undefined): Promise<boolean> {
    const { path, sizeBytes, filesFolder } = payload;
    if (filesFolder !== undefined) {
      for await (const file of this.#local.list(filesFolder, { signal }))
        if (!(await this.#ensureObject(file.path, file.sizeBytes, signal))) return false;
    }
    return this.#ensureObject(path, sizeBytes, signal);
  }

  async #ensureObject(path: StorePath, sizeBytes: number, signal: AbortSignal | undefined): Promise<boolean> {
    // Good for one record: once that may be there, somebody may remove both.
    if (this.#sent.delete(path)) return true;
    const there = await this.#link.attempt("stat", path, (remote) => remote.stat(path, { signal }), signal);
    if (there === unreachable) return false;
    if (there?.sizeBytes === sizeBytes) return true;
    if ((await this.#local.stat(path, { signal }))?.sizeBytes !== sizeBytes) return false;
    // The name is one publication's own: whatever is there is what an attempt of ours has left.
    const pieces = piecesIn(this.#local, path, sizeBytes, signal);
    const sent = await this.#link.attempt("write", path, (remote) => remote.replace(path, pieces, { signal }), signal);
    return sent !== unreachable;
  }

  #noteSent(path: StorePath): void {
    if (describeObject(path).kind === "other") return;
    if (this.#sent.size >= MAX_SENT) this.#sent.clear();
    this.#sent.add(path);
  }

  /** When in doubt, it is. */
  async #isNamedRemotely(path: StorePath): Promise<boolean> {
    const object = describeObject(path);
    if (object.kind !== "payload" && object.kind !== "part") return false;
    const { record, file } = object;
    const bytes = await this.#link.attempt("read", record, (remote) => remote.read(record));
    if (bytes === unreachable) return true;
    return bytes !== undefined && payloadNamedIn(bytes, record)?.file === file;
  }

  /** A stream comes once, and two stores want it: it is put aside first. */
  async #repeatable<Value>(
    path: StorePath,
    chunks: Chunks,
    { signal }: WriteOptions,
    work: (source: Source) => Promise<Value>,
  ): Promise<Value> {
    if (!isStream(chunks)) return work(() => chunks);
    // A store that does not work says so with the name that was asked for.
    await this.#local.stat(path, { signal });
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("hex");
    const aside = storePath(...SPOOL_FOLDER.split("/"), random);
    try {
      await this.#local.writeFresh(aside, chunks, { signal, durable: false });
      const sizeBytes = (await this.#local.stat(aside, { signal }))?.sizeBytes ?? 0;
      return await work(() => piecesIn(this.#local, aside, sizeBytes));
    } finally {
      await this.#local.remove(aside).catch(() => {});
    }
  }
}

function isInternal(path: string): boolean {
  return path.startsWith(INTERNAL_PREFIX);
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
