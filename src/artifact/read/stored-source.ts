import { ArtifactInFlightError, CorruptArtifactError } from "../../errors/artifact-errors.ts";
import type { PayloadSource } from "../../format/payload-source.ts";
import type { RecordedPayload } from "../../record/record.ts";
import { certainStore } from "../../store/certain-store.ts";
import { type FileStore, fileStore } from "../../store/folder/file-store.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { SingleFlight } from "../../util/concurrency/single-flight.ts";
import { DIGEST_CHUNK_BYTES, type Digest } from "../../util/digest/digest.ts";
import { DigestWriter } from "../../util/digest/digest-writer.ts";
import { hashChunk } from "../../util/digest/hash-chunk.ts";
import { createSha256 } from "../../util/digest/sha256.ts";
import { makeWorkFolder } from "../../util/work-folder.ts";
import { describeSize } from "./describe-size.ts";

/** The last chunks are kept, because a reader of parts often reads from the same chunk again. */
const KEPT_CHUNKS = 4;

const LOCAL_PIECE_BYTES = 1024 * 1024;

/** One object of a payload, with the size and the digest that it should have. */
export interface StoredObject {
  readonly store: ReadableStore;
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly digest: Digest;
}

/** A payload that is one object, and whose record has been checked. */
export interface StoredPayload extends StoredObject {
  readonly name: string;
  readonly address: string;
  /**
   * The digest of each chunk; absent if there is a single chunk, whose hash is the digest itself.
   */
  readonly chunks: RecordedPayload["chunks"];
  /**
   * Called first when damage is found: tries to replace the damaged artifact by a whole one, and
   * says whether reading again is worth it.
   */
  readonly heal?: (() => Promise<boolean>) | undefined;
  /** Makes the next reader find the damage at once, and returns the error for this one. */
  readonly onDamage?: ((damage: FoundDamage) => Promise<Error>) | undefined;
  /** Opens the artifact that has replaced this one, for a reader that has not got any bytes yet. */
  readonly successor?: (() => Promise<StoredSource | undefined>) | undefined;
}

/** Damage that two reads in a row have found. */
export interface FoundDamage {
  readonly path: StorePath;
  readonly problem: string;
  /** Reads once more: returns what is wrong now, or `undefined` if nothing is. */
  lookAgain(): Promise<string | undefined>;
}

/**
 * Reads a payload where it is stored. Each chunk of 8 MiB is verified before the reader gets any of
 * its bytes.
 */
export class StoredSource implements PayloadSource {
  readonly sizeBytes: number;
  readonly #payload: StoredPayload;
  readonly #kept = new Map<number, Promise<Uint8Array>>();
  #store: ReadableStore;
  #healing: Promise<boolean> | undefined;
  #damaged: Promise<Error> | undefined;
  /**
   * Small pieces leave memory sooner, but each is a request, which costs too much if the store is
   * remote.
   */
  readonly #pieceBytes: number;

  constructor(payload: StoredPayload) {
    this.sizeBytes = payload.sizeBytes;
    this.#payload = payload;
    this.#store = payload.store;
    this.#pieceBytes = payload.store.localPath === undefined ? DIGEST_CHUNK_BYTES : LOCAL_PIECE_BYTES;
  }

  /**
   * Called when a reader gets this source. From now on, the failure of a store that does not answer
   * is thrown to the reader. Before that, such a store makes the artifact missing, so that it may
   * be generated.
   */
  handOut(): void {
    this.#store = certainStore(this.#store);
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const from = Math.max(0, start);
    const to = Math.min(end, this.sizeBytes);
    if (!(from < to)) return new Uint8Array(0);
    const first = Math.floor(from / DIGEST_CHUNK_BYTES);
    const last = Math.floor((to - 1) / DIGEST_CHUNK_BYTES);
    const chunks = await Promise.all(
      Array.from({ length: last - first + 1 }, (_, offset) => this.#keptChunk(first + offset)),
    );
    const [only] = chunks;
    const skipped = first * DIGEST_CHUNK_BYTES;
    if (chunks.length === 1 && only !== undefined) return only.subarray(from - skipped, to - skipped);
    const joined = new Uint8Array(to - from);
    for (const [offset, chunk] of chunks.entries()) {
      const chunkStart = skipped + offset * DIGEST_CHUNK_BYTES;
      const part = chunk.subarray(Math.max(0, from - chunkStart), Math.max(0, to - chunkStart));
      joined.set(part, Math.max(0, chunkStart - from));
    }
    return joined;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const count = Math.ceil(this.sizeBytes / DIGEST_CHUNK_BYTES);
    let next = count > 0 ? this.#readPieces(0) : undefined;
    for (let index = 0; next !== undefined; index++) {
      let pieces: Uint8Array[];
      try {
        pieces = await next;
      } catch (error) {
        const successor = index === 0 ? await this.#successorAfter(error) : undefined;
        if (successor === undefined) throw error;
        yield* successor.stream();
        return;
      }
      next = index + 1 < count ? this.#readPieces(index + 1) : undefined;
      // A reader that stops early does not await this one, and must not be told of its failure.
      next?.catch(() => {});
      // Each piece leaves the array as soon as the reader has it, so that its memory can be freed.
      for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) yield piece;
    }
  }

  async #successorAfter(error: unknown): Promise<StoredSource | undefined> {
    return error instanceof ArtifactInFlightError ? this.#payload.successor?.() : undefined;
  }

  async localFile(): Promise<string> {
    const copy = (): Promise<string | undefined> => makeLocal({ ...this.#payload, store: this.#store });
    let problem = await copy();
    if (problem !== undefined && (await this.#heal())) problem = await copy();
    if (problem !== undefined) throw await this.#damage(problem, copy);
    return localStoreOf(this.#store).localPath(this.#payload.path);
  }

  #keptChunk(index: number): Promise<Uint8Array> {
    const known = this.#kept.get(index);
    if (known !== undefined) return known;
    const reading = this.#readChunk(index);
    reading.catch(() => this.#kept.delete(index));
    this.#kept.set(index, reading);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_CHUNKS && oldest !== undefined) this.#kept.delete(oldest);
    return reading;
  }

  /** Reads a chunk and verifies it. */
  async #readChunk(index: number): Promise<Uint8Array> {
    const chunk = await this.#tryChunk(index);
    return typeof chunk === "string" ? this.#readChunkAgain(index) : chunk;
  }

  /** Reads a chunk again after one read found it damaged: a bit may have changed on its way. */
  async #readChunkAgain(index: number): Promise<Uint8Array> {
    let chunk = await this.#tryChunk(index);
    if (typeof chunk === "string" && (await this.#heal())) chunk = await this.#tryChunk(index);
    if (typeof chunk !== "string") return chunk;
    throw await this.#damage(chunk, async () => {
      const found = await this.#tryChunk(index);
      return typeof found === "string" ? found : undefined;
    });
  }

  /** Returns a verified chunk, or what is wrong with it. */
  async #tryChunk(index: number): Promise<Uint8Array | string> {
    const [start, end] = this.#rangeOf(index);
    const chunk = await this.#tryPiece(start, end);
    if (typeof chunk === "string") return chunk;
    return this.#problemOf(index, await hashChunk(chunk)) ?? chunk;
  }

  /** Reads a chunk in pieces, and verifies all of it before it returns any. */
  async #readPieces(index: number): Promise<Uint8Array[]> {
    const pieces = await this.#tryPieces(index);
    return typeof pieces === "string" ? [await this.#readChunkAgain(index)] : pieces;
  }

  async #tryPieces(index: number): Promise<Uint8Array[] | string> {
    const [chunkStart, chunkEnd] = this.#rangeOf(index);
    const reading: Promise<Uint8Array | string>[] = [];
    for (let start = chunkStart; start < chunkEnd; start += this.#pieceBytes)
      reading.push(this.#tryPiece(start, Math.min(chunkEnd, start + this.#pieceBytes)));
    // The loop below reports the first failure; those of later pieces need a handler all the same.
    for (const each of reading) each.catch(() => {});
    const hash = createSha256();
    const pieces: Uint8Array[] = [];
    for (const each of reading) {
      const piece = await each;
      if (typeof piece === "string") return piece;
      hash.update(piece);
      pieces.push(piece);
    }
    return this.#problemOf(index, hash.digest()) ?? pieces;
  }

  #rangeOf(index: number): [start: number, end: number] {
    const start = index * DIGEST_CHUNK_BYTES;
    return [start, Math.min(this.sizeBytes, start + DIGEST_CHUNK_BYTES)];
  }

  async #tryPiece(start: number, end: number): Promise<Uint8Array | string> {
    const piece = await this.#store.read(this.#payload.path, { range: { start, end } });
    if (piece === undefined) return "is missing";
    return piece.length === end - start ? piece : `ends at ${start + piece.length} bytes instead of ${this.sizeBytes}`;
  }

  #problemOf(index: number, hash: Uint8Array): string | undefined {
    const { chunks, digest } = this.#payload;
    const expected =
      chunks === undefined
        ? Buffer.from(digest.slice("sha256:".length), "hex")
        : chunks.subarray(index * 32, index * 32 + 32);
    if (Buffer.compare(hash, expected) === 0) return undefined;
    const [start, end] = this.#rangeOf(index);
    return `does not match its digest between ${start} and ${end}`;
  }

  /** Tries to heal only once, for all parts that are read side by side. */
  #heal(): Promise<boolean> {
    this.#healing ??= this.#payload.heal?.() ?? Promise.resolve(false);
    return this.#healing;
  }

  /** Parts that are read side by side find the same damage, which is reported only once. */
  #damage(problem: string, lookAgain: FoundDamage["lookAgain"]): Promise<Error> {
    const { name, address, path, onDamage } = this.#payload;
    this.#damaged ??=
      onDamage === undefined
        ? Promise.resolve(new CorruptArtifactError(name, address, path, problem))
        : onDamage({ path, problem, lookAgain });
    return this.#damaged;
  }
}

/** Reads an object piece by piece, unverified, no faster than the reader takes the pieces. */
export async function* readPieces({ store, path, sizeBytes }: StoredObject): AsyncGenerator<Uint8Array> {
  const readAt = (start: number): Promise<Uint8Array | undefined> =>
    store.read(path, { range: { start, end: Math.min(sizeBytes, start + DIGEST_CHUNK_BYTES) } });
  let next = sizeBytes > 0 ? readAt(0) : undefined;
  for (let start = 0; start < sizeBytes; start += DIGEST_CHUNK_BYTES) {
    const current = next;
    next = start + DIGEST_CHUNK_BYTES < sizeBytes ? readAt(start + DIGEST_CHUNK_BYTES) : undefined;
    next?.catch(() => {});
    const piece = await current;
    if (piece === undefined || piece.length === 0) return;
    yield piece;
  }
}

/** Reads all of an object and says what is wrong with it; `undefined` if nothing is. */
export async function findDamage(object: StoredObject): Promise<string | undefined> {
  const entry = await object.store.stat(object.path);
  if (entry === undefined) return "is missing";
  if (entry.sizeBytes !== object.sizeBytes) return describeSize(object.store, object.path, object, entry.sizeBytes);
  const writer = new DigestWriter();
  for await (const _piece of writer.through(readPieces(object)));
  return writer.finish().digest === object.digest ? undefined : "does not match its digest";
}

/**
 * Makes sure that an object is on this machine's disk, whole. If its store is a folder, it is there
 * already; otherwise it is copied.
 *
 * @returns what is wrong with the object, if two reads have found damage
 */
export async function makeLocal(object: StoredObject): Promise<string | undefined> {
  return (await tryLocal(object)) === undefined ? undefined : tryLocal(object);
}

async function tryLocal(object: StoredObject): Promise<string | undefined> {
  if (object.store.localPath !== undefined) return findDamage(object);
  const key = `${object.store.url}\n${object.path}`;
  return copying.run(key, undefined, () => copyObject(object, localStoreOf(object.store))).promise;
}

const copying = new SingleFlight<string | undefined>();

async function copyObject(object: StoredObject, copies: FileStore): Promise<string | undefined> {
  const { path, digest } = object;
  // A reader that was given an earlier copy may have written into it.
  if ((await findDamage({ ...object, store: copies })) === undefined) return undefined;
  await copies.remove(path);
  if ((await object.store.stat(path)) === undefined) return "is missing";
  const writer = new DigestWriter();
  await copies.writeFresh(path, writer.through(readPieces(object)));
  if (writer.finish().digest === digest) return undefined;
  await copies.remove(path);
  return "does not match its digest";
}

/**
 * Returns the folder of this machine where a store's objects lie: the store itself if it is a
 * folder, otherwise a folder of copies that is kept until this process ends.
 */
export function localStoreOf(store: ReadableStore): FileStore {
  if (store.localPath !== undefined) return store as FileStore;
  const known = copyStores.get(store.url);
  if (known !== undefined) return known;
  const made = fileStore(makeWorkFolder(), { durable: false });
  copyStores.set(store.url, made);
  return made;
}

const copyStores = new Map<string, FileStore>();
