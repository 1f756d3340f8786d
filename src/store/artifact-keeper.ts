import { digestInParallel } from "../util/digest.ts";
import { DigestWriter } from "../util/digest-writer.ts";
import {
  describeObject,
  isSelfContained,
  isSoundRecord,
  type NamedPayload,
  payloadNamedIn,
} from "./artifact-objects.ts";
import { piecesOf, SourceFailure } from "./copy-object.ts";
import { orAborted } from "./or-aborted.ts";
import { type RemoteLink, type Unreachable, unreachable } from "./remote-link.ts";
import type { Store, StorePath } from "./store.ts";
import { isStorePath } from "./store-path.ts";

/** Records that wait for their payloads. One that was forgotten is read again. */
const MAX_WITHHELD = 256;
const CONCURRENT_FILES = 8;
const HIDDEN_MS = 30_000;

/**
 * Keeps in the local store what was found in the remote one, in the order of a publication: a record only when its payload is there, so that
 * nobody finds a local record whose payload went away with the network. Nothing is kept that does not match its digest: it would hide what
 * is good.
 */
export class ArtifactKeeper {
  readonly #local: Store;
  readonly #link: RemoteLink;
  readonly #withheld = new Map<StorePath, Uint8Array>();
  readonly #fetching = new Map<StorePath, Promise<boolean | Unreachable>>();
  readonly #hiddenUntilMs = new Map<StorePath, number>();

  constructor(local: Store, link: RemoteLink) {
    this.#local = local;
    this.#link = link;
  }

  /**
   * Keep what was read from the remote, if it is all of the object: of a record it shows, of a payload its record says; of anything else only
   * where there was less than the `limit` that was asked for.
   *
   * @throws a StoreError of the local store; the signal's reason
   */
  async keep(path: StorePath, bytes: Uint8Array, limit: number | undefined, signal?: AbortSignal): Promise<void> {
    const object = describeObject(path);
    if (object.kind === "other" && limit !== undefined && bytes.length >= limit) return;
    if (object.kind === "other") await this.#local.createIfAbsent(path, [bytes], { signal });
    else if (object.kind === "record") await this.#keepRecord(path, bytes, signal);
    else if (object.kind === "payload") await this.#keepPayload(path, bytes, object.record, signal);
  }

  /**
   * Copy a payload of which a part is wanted, so that who reads part after part does not depend on the network any more; `false` where it is
   * unknown what it should be, or where it is not that.
   */
  async fetch(path: StorePath, signal?: AbortSignal): Promise<boolean | Unreachable> {
    const fetching = this.#fetching.get(path) ?? this.#fetch(path).finally(() => this.#fetching.delete(path));
    this.#fetching.set(path, fetching);
    return orAborted(fetching, signal);
  }

  /** Whether the remote is not to be asked for an object for now: a part of its artifact was not to be had, so that all of it counts as missing. */
  isHidden(path: StorePath): boolean {
    const object = describeObject(path);
    const record = "record" in object ? object.record : path;
    const untilMs = this.#hiddenUntilMs.get(record);
    if (untilMs === undefined) return false;
    if (untilMs > performance.now()) return true;
    this.#hiddenUntilMs.delete(record);
    return false;
  }

  /**
   * The remote did not answer for this object. A payload that cannot be had is not a payload that is gone: its record must not be judged by it.
   */
  hide(path: StorePath): void {
    const object = describeObject(path);
    if (!("record" in object)) return;
    this.#withheld.delete(object.record);
    this.#hiddenUntilMs.set(object.record, performance.now() + HIDDEN_MS);
  }

  /** It was removed, and the remote did not hear of it: for this process it is gone all the same. */
  bury(path: StorePath): void {
    this.#hiddenUntilMs.set(path, Number.POSITIVE_INFINITY);
  }

  /** A newer object takes its place. */
  forget(path: StorePath): void {
    this.#withheld.delete(path);
    this.#hiddenUntilMs.delete(path);
  }

  /**
   * Put the remote's object in the place of ours, with its payload where it is a record.
   *
   * @returns whether the caller can rely on the remote's: also where it is damaged, which its readers will see to.
   */
  async takeOver(path: StorePath, signal?: AbortSignal): Promise<boolean> {
    const bytes = await this.#link.attempt("read", path, (remote) => remote.read(path, { signal }), signal);
    if (bytes === unreachable || bytes === undefined) return false;
    if (describeObject(path).kind === "record") {
      if (!isSoundRecord(bytes)) return true;
      const payload = payloadNamedIn(bytes, path);
      const pulled = payload === undefined || (await this.#pullPayload(payload, signal));
      if (pulled === unreachable) return false;
      if (!pulled) return true;
    }
    if ((await this.#local.createIfAbsent(path, [bytes], { signal })) === "exists")
      await this.#replace(path, bytes, signal);
    return true;
  }

  async #fetch(path: StorePath): Promise<boolean | Unreachable> {
    const object = describeObject(path);
    if (object.kind !== "payload") return false;
    const record = await this.#recordAt(object.record);
    const payload = record && payloadNamedIn(record, object.record);
    if (record === undefined || payload?.path !== path || payload.filesFolder !== undefined) return false;
    const pulled = await this.#pull(payload, undefined);
    if (pulled === true) await this.#settleRecord(object.record, record);
    return pulled;
  }

  #recordAt(path: StorePath, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const withheld = this.#withheld.get(path);
    return withheld === undefined ? this.#local.read(path, { signal }) : Promise.resolve(withheld);
  }

  /** Its payload is there. */
  async #settleRecord(path: StorePath, record: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#local.createIfAbsent(path, [record], { signal });
    this.#withheld.delete(path);
  }

  async #replace(path: StorePath, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const own = await this.#local.read(path, { signal });
    if (own === undefined || Buffer.compare(own, bytes) !== 0) await this.#local.replace(path, [bytes], { signal });
  }

  async #keepRecord(path: StorePath, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (!isSoundRecord(bytes)) return;
    if (isSelfContained(bytes)) {
      await this.#local.createIfAbsent(path, [bytes], { signal });
      return;
    }
    this.#withheld.delete(path);
    this.#withheld.set(path, bytes.slice());
    const [oldest] = this.#withheld.keys();
    if (this.#withheld.size > MAX_WITHHELD && oldest !== undefined) this.#withheld.delete(oldest);
  }

  async #keepPayload(
    path: StorePath,
    bytes: Uint8Array,
    recordPath: StorePath,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const record = await this.#recordAt(recordPath, signal);
    const payload = record && payloadNamedIn(record, recordPath);
    if (record === undefined || payload?.path !== path || payload.sizeBytes !== bytes.length) return;
    if ((await digestInParallel([bytes], { signal })) !== payload.digest) return;
    if (payload.filesFolder !== undefined && (await this.#pullFiles(payload.filesFolder, bytes, signal)) !== true)
      return;
    await this.#local.createIfAbsent(path, [bytes], { signal });
    await this.#settleRecord(recordPath, record, signal);
  }

  async #pullPayload(payload: NamedPayload, signal: AbortSignal | undefined): Promise<boolean | Unreachable> {
    if (payload.filesFolder === undefined) return this.#pull(payload, signal);
    const { path } = payload;
    const list = await this.#link.attempt("read", path, (remote) => remote.read(path, { signal }), signal);
    if (list === unreachable) return unreachable;
    if (list === undefined) return false;
    const pulled = await this.#pullFiles(payload.filesFolder, list, signal);
    return pulled === true ? this.#pull(payload, signal) : pulled;
  }

  /** Every file that a list names. */
  async #pullFiles(folder: string, list: Uint8Array, signal: AbortSignal | undefined): Promise<boolean | Unreachable> {
    const files = parseFiles(folder, list);
    if (files === undefined) return false;
    let next = 0;
    let outcome: boolean | Unreachable = true;
    const work = async (): Promise<void> => {
      for (let file = files[next++]; file !== undefined && outcome === true; file = files[next++]) {
        const pulled = await this.#pull(file, signal);
        if (pulled !== true) outcome = pulled;
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: CONCURRENT_FILES }, work));
    for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
    return outcome;
  }

  /** Copy an object, unless it does not match its digest, which is `false`. */
  async #pull(
    { path, sizeBytes, digest }: Pick<NamedPayload, "path" | "sizeBytes" | "digest">,
    signal: AbortSignal | undefined,
  ): Promise<boolean | Unreachable> {
    if ((await this.#local.stat(path, { signal }))?.sizeBytes === sizeBytes) return true;
    const pieces = piecesOf(
      async (range) => {
        const read = await this.#link.attempt("read", path, (remote) => remote.read(path, { range, signal }), signal);
        if (read === unreachable) throw unreached;
        return read;
      },
      sizeBytes,
      signal,
    );
    try {
      await this.#local.createIfAbsent(path, verified(pieces, digest), { signal });
      return true;
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      if (error.cause === unreached) return unreachable;
      if (error.cause !== undefined) throw error.cause;
      return false;
    }
  }
}

const unreached = new Error("the remote did not answer");

async function* verified(pieces: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const writer = new DigestWriter();
  yield* writer.through(pieces);
  if (writer.finish().digest !== digest) throw new SourceFailure("the object does not match its digest");
}

function parseFiles(
  folder: string,
  list: Uint8Array,
): readonly Pick<NamedPayload, "path" | "sizeBytes" | "digest">[] | undefined {
  try {
    const { files } = JSON.parse(new TextDecoder().decode(list)) as {
      readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly digest: string }[];
    };
    const named = files.map(({ path, sizeBytes, digest }) => ({
      path: `${folder}${path}` as StorePath,
      sizeBytes,
      digest,
    }));
    return named.every(({ path }) => isStorePath(path)) ? named : undefined;
  } catch {
    return undefined;
  }
}
