import { parseFileList } from "../artifact/layout/file-list.ts";
import type { PayloadBeside } from "../artifact/layout/payload-objects.ts";
import type { Store, StorePath } from "../store/store.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { digestInParallel } from "../util/digest/digest.ts";
import { DigestWriter } from "../util/digest/digest-writer.ts";
import { piecesIn, piecesOf, SourceFailure } from "./copy-object.ts";
import type { LocalCopies } from "./local-copies.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";

const CONCURRENT_FILES = 8;
/**
 * One answer may have been damaged on its way: damage is believed when a second one shows it as
 * well.
 */
const LOOKS = 2;

/**
 * The outcome for a payload. `"whole"`: all of it matches its digests. `"unkept"`: the local store
 * could not take it. `"damaged"`: what the remote has of it is missing or does not match its
 * digests.
 */
export type Pulled = "whole" | "damaged" | "unkept" | Unreachable;

type SizedObject = Pick<PayloadBeside, "path" | "sizeBytes" | "digest">;
type Work = (object: SizedObject) => Promise<Pulled>;

/**
 * Copies payloads from the remote store into the local one. Bytes that do not match their digest
 * are not kept and replace nothing.
 */
export class ArtifactPuller {
  readonly #local: Store;
  readonly #copies: LocalCopies;

  constructor(local: Store, copies: LocalCopies) {
    this.#local = local;
    this.#copies = copies;
  }

  /** Make every object of a payload whole in the local store. */
  pull(payload: PayloadBeside, ask: Ask, signal?: AbortSignal): Promise<Pulled> {
    return this.#eachObject(payload, (object) => this.#pullObject(object, ask, signal), ask, signal);
  }

  /** Like {@link pull}, for the files that a list names. The bytes of the list were verified. */
  pullFiles(folder: string, list: Uint8Array, ask: Ask, signal?: AbortSignal): Promise<Pulled> {
    const files = filesOf(folder, list);
    if (files === undefined) return Promise.resolve("damaged");
    return eachOf(files, (object) => this.#pullObject(object, ask, signal));
  }

  /**
   * Reads the remote's objects of a payload, and says whether all of them are whole. Nothing is
   * kept.
   */
  verify(payload: PayloadBeside, ask: Ask, signal?: AbortSignal): Promise<Pulled> {
    return this.#eachObject(payload, (object) => verifyObject(object, ask, signal), ask, signal);
  }

  /** Reads the local store's objects of a payload, and says whether all of them are whole. */
  isWholeHere(payload: PayloadBeside, ask: Ask, signal?: AbortSignal): Promise<Pulled> {
    const look = async (object: SizedObject) => ((await isWhole(this.#local, object, signal)) ? "whole" : "damaged");
    return this.#eachObject(payload, look, ask, signal);
  }

  async #eachObject(payload: PayloadBeside, work: Work, ask: Ask, signal: AbortSignal | undefined): Promise<Pulled> {
    if (payload.filesFolder === undefined) return work(payload);
    const list = await readVerified(payload, ask, signal);
    if (!(list instanceof Uint8Array)) return list;
    const files = filesOf(payload.filesFolder, list);
    if (files === undefined) return "damaged";
    const outcome = await eachOf(files, work);
    return outcome === "whole" ? work(payload) : outcome;
  }

  async #pullObject(object: SizedObject, ask: Ask, signal: AbortSignal | undefined): Promise<Pulled> {
    const { path, sizeBytes, digest } = object;
    const own = await this.#local.stat(path, { signal });
    if (own?.sizeBytes === sizeBytes && (await isWhole(this.#local, object, signal))) return "whole";
    return looking(async () => {
      const pieces = verified(remotePieces(object, ask, signal), digest);
      const kept = await this.#copies.keep(async () => {
        if (own === undefined) await this.#local.createIfAbsent(path, pieces, { signal });
        else await this.#local.replace(path, pieces, { signal });
      });
      return kept ? "whole" : "unkept";
    });
  }
}

/** Whether an object of a store matches its digest. */
export async function isWhole(store: Store, object: SizedObject, signal?: AbortSignal): Promise<boolean> {
  const { path, sizeBytes, digest } = object;
  const verdict = await looking(async () => {
    for await (const _piece of verified(piecesIn(store, path, sizeBytes, signal), digest));
    // An object without bytes has no pieces that could be missing, but it has to exist.
    return sizeBytes > 0 || (await store.stat(path, { signal })) !== undefined ? "whole" : "damaged";
  }, 1).catch((error: unknown) => {
    signal?.throwIfAborted();
    // An object that cannot be read does not count as whole, whatever the reason.
    return error;
  });
  return verdict === "whole";
}

/**
 * Yields the pieces of an object. After the last one, it throws a {@link SourceFailure} if they do
 * not match the digest.
 */
export async function* verified(pieces: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const writer = new DigestWriter();
  yield* writer.through(pieces);
  if (writer.finish().digest !== digest) throw new SourceFailure("the object does not match its digest");
}

/** Returns the files that a list names; `undefined` if this release cannot read the list. */
export function filesOf(folder: string, list: Uint8Array): readonly SizedObject[] | undefined {
  const parsed = parseFileList(list);
  if (typeof parsed === "string") return undefined;
  return parsed.files?.map((file) => ({ ...file, path: `${folder}${file.path}` as StorePath }));
}

const unreached = new Error("the remote did not answer");

function remotePieces(
  { path, sizeBytes }: SizedObject,
  ask: Ask,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  return piecesOf(
    async (range) => {
      const read = await ask("read", path, (remote) => remote.read(path, { range, signal }), signal);
      if (read === unreachable) throw unreached;
      return read;
    },
    sizeBytes,
    signal,
  );
}

function verifyObject(object: SizedObject, ask: Ask, signal: AbortSignal | undefined): Promise<Pulled> {
  return looking(async () => {
    for await (const _piece of verified(remotePieces(object, ask, signal), object.digest));
    // An object without bytes needs no piece, and has to be there all the same.
    if (object.sizeBytes > 0) return "whole";
    const there = await ask("stat", object.path, (remote) => remote.stat(object.path, { signal }), signal);
    return there === undefined ? "damaged" : there === unreachable ? unreachable : "whole";
  });
}

/** The bytes of a small object of the remote, verified. */
async function readVerified(
  { path, digest }: SizedObject,
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | "damaged" | Unreachable> {
  for (let look = 0; look < LOOKS; look++) {
    const bytes = await ask("read", path, (remote) => remote.read(path, { signal }), signal);
    if (bytes === undefined) return "damaged";
    if (bytes === unreachable || (await digestInParallel([bytes], { signal })) === digest) return bytes;
  }
  return "damaged";
}

async function looking(work: () => Promise<Pulled>, looks = LOOKS): Promise<Pulled> {
  for (let look = 1; ; look++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      if (error.cause === unreached) return unreachable;
      if (error.cause !== undefined) throw error.cause;
      if (look >= looks) return "damaged";
    }
  }
}

async function eachOf(files: readonly SizedObject[], work: Work): Promise<Pulled> {
  let outcome: Pulled = "whole";
  const untilOneFails = function* (): Generator<SizedObject, void, undefined> {
    for (const file of files) if (outcome === "whole") yield file;
  };
  const pull = async (file: SizedObject): Promise<void> => {
    const pulled = await work(file);
    if (pulled !== "whole") outcome = pulled;
  };
  await mapConcurrently(untilOneFails(), pull, { concurrency: CONCURRENT_FILES });
  return outcome;
}
