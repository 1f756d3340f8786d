import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { type PayloadBeside, payloadBeside } from "../artifact/layout/payload-objects.ts";
import { findPayloadFile, isIntact } from "../record/record-text.ts";
import type { Store, StorePath } from "../store/store.ts";
import { orAborted } from "../util/concurrency/on-abort.ts";
import { SingleFlight } from "../util/concurrency/single-flight.ts";
import { digestInParallel } from "../util/digest/digest.ts";
import type { ArtifactPuller } from "./artifact-puller.ts";
import type { Dismissals } from "./dismissals.ts";
import type { LocalCopies } from "./local-copies.ts";
import { type Ask, type RemoteLink, type Unreachable, unreachable } from "./remote-link.ts";

/**
 * The number of records that are remembered until their payloads are read. A record that is
 * forgotten before that is read again.
 */
const MAX_WITHHELD = 256;
const HIDDEN_MS = 30_000;

/** The parts that an {@link ReadThrough} works with. */
export interface ReadThroughParts {
  readonly local: Store;
  readonly link: RemoteLink;
  readonly copies: LocalCopies;
  readonly puller: ArtifactPuller;
  readonly dismissals: Dismissals;
}

/**
 * Keeps in the local store what was found in the remote one, in the order of a publication: a
 * record is kept only when its payload is there, so that no reader finds a local record whose
 * payload cannot be fetched any more. Bytes that do not match their digest are not kept: they would
 * hide the remote's good ones.
 */
export class ReadThrough {
  readonly #local: Store;
  readonly #link: RemoteLink;
  readonly #copies: LocalCopies;
  readonly #puller: ArtifactPuller;
  readonly #dismissals: Dismissals;
  readonly #withheld = new Map<StorePath, Uint8Array>();
  readonly #fetching = new SingleFlight<boolean | Unreachable>();
  readonly #hiddenUntilMs = new Map<StorePath, number>();

  constructor(parts: ReadThroughParts) {
    this.#local = parts.local;
    this.#link = parts.link;
    this.#copies = parts.copies;
    this.#puller = parts.puller;
    this.#dismissals = parts.dismissals;
  }

  /**
   * Keep an object that was read from the remote, if all of it was read. A record shows this by its
   * checksum, and a payload by the digest in its record. Any other object is known to be complete
   * only if it is shorter than the `limit` up to which it was read.
   *
   * @throws the signal's reason
   */
  async keep(path: StorePath, bytes: Uint8Array, limit: number | undefined, signal?: AbortSignal): Promise<void> {
    const object = objectAt(path);
    if (object.kind === "other" && limit !== undefined && bytes.length >= limit) return;
    if (object.kind === "other") await this.#create(path, bytes, signal);
    else if (object.kind === "record") await this.#keepRecord(path, bytes, signal);
    else if (object.kind === "payload") await this.#keepPayload(path, bytes, object.record, signal);
  }

  /**
   * Copy a whole payload when a part of it is wanted, so that a reader of further parts does not
   * depend on the network any more. Returns `false` if its digest is unknown or does not match, or
   * if it cannot be kept.
   */
  async fetch(path: StorePath, ask: Ask, signal?: AbortSignal): Promise<boolean | Unreachable> {
    // The copy goes on when the last caller aborts: the next caller uses what was fetched.
    const { promise } = this.#fetching.run(path, undefined, () => this.#fetch(path, ask));
    return orAborted(promise, signal);
  }

  /**
   * Whether the remote is not asked for an object at present: a part of its artifact could not be
   * read, so all of the artifact counts as missing.
   */
  isHidden(path: StorePath): boolean {
    const object = objectAt(path);
    const record = "record" in object ? object.record : path;
    const untilMs = this.#hiddenUntilMs.get(record);
    if (untilMs === undefined) return false;
    if (untilMs > performance.now()) return true;
    this.#hiddenUntilMs.delete(record);
    return false;
  }

  /**
   * Called if the remote did not answer when an object was read. The object may exist, so its
   * record must not be judged damaged: the artifact counts as missing for a while.
   */
  hide(path: StorePath): void {
    const object = objectAt(path);
    if (!("record" in object)) return;
    this.#withheld.delete(object.record);
    this.#hiddenUntilMs.set(object.record, performance.now() + HIDDEN_MS);
  }

  /**
   * The object was removed here while the remote did not answer, so it is unknown what the remote
   * has: this process treats it as gone.
   */
  bury(path: StorePath): void {
    this.#hiddenUntilMs.set(path, Number.POSITIVE_INFINITY);
  }

  /** Whether an object was removed here while the remote did not answer. */
  isBuried(path: StorePath): boolean {
    return this.#hiddenUntilMs.get(path) === Number.POSITIVE_INFINITY;
  }

  /** Ask the remote for this path again: a newer object takes the place of the old one. */
  forget(path: StorePath): void {
    this.#withheld.delete(path);
    this.#hiddenUntilMs.delete(path);
  }

  /**
   * Copy the remote's object, and with a record its payload, unless the local store has one.
   *
   * @returns `"taken"` if the remote's object counts, even if it is damaged: its readers will find
   * that out. `"dismissed"` if this machine does not use the remote's object.
   */
  async takeOver(path: StorePath, signal?: AbortSignal): Promise<"taken" | "dismissed" | Unreachable> {
    const bytes = await this.#link.attempt("read", path, (remote) => remote.read(path, { signal }), signal);
    if (bytes === unreachable || bytes === undefined) return unreachable;
    if ((await this.#dismissals.hides(path, bytes)) !== undefined) return "dismissed";
    if (objectAt(path).kind === "record") {
      if (!isIntact(bytes)) return "taken";
      const payload = payloadBeside(path, bytes);
      const pulled = payload === undefined ? "whole" : await this.#puller.pull(payload, this.#attempt, signal);
      if (pulled === unreachable) return unreachable;
      if (pulled !== "whole") return "taken";
    }
    // If the local store has got an object meanwhile, another caller was told that it was created:
    // so it stays.
    await this.#create(path, bytes, signal);
    return "taken";
  }

  /** Write these bytes over damaged ones, if the local store can take them. */
  put(path: StorePath, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    return this.#copies.keep(async () => {
      if ((await this.#local.createIfAbsent(path, [bytes], { signal })) === "created") return;
      const own = await this.#local.read(path, { signal });
      if (own === undefined || Buffer.compare(own, bytes) !== 0) await this.#local.replace(path, [bytes], { signal });
    });
  }

  readonly #attempt: Ask = (...call) => this.#link.attempt(...call);

  async #fetch(path: StorePath, ask: Ask): Promise<boolean | Unreachable> {
    const object = objectAt(path);
    if (object.kind !== "payload" || !this.#copies.areKept) return false;
    const record = await this.#recordAt(object.record);
    const payload = record && payloadBeside(object.record, record);
    if (record === undefined || payload?.path !== path || payload.filesFolder !== undefined) return false;
    const pulled = await this.#puller.pull(payload, ask);
    if (pulled === unreachable) return unreachable;
    if (pulled !== "whole") return false;
    await this.#settleRecord(object.record, record);
    return true;
  }

  #recordAt(path: StorePath, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const withheld = this.#withheld.get(path);
    return withheld === undefined ? this.#local.read(path, { signal }) : Promise.resolve(withheld);
  }

  /** Keep a record whose payload has been kept. */
  async #settleRecord(path: StorePath, record: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#create(path, record, signal);
    this.#withheld.delete(path);
  }

  #create(path: StorePath, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    return this.#copies.keep(() => this.#local.createIfAbsent(path, [bytes], { signal }));
  }

  async #keepRecord(path: StorePath, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (!isIntact(bytes)) return;
    if (findPayloadFile(bytes) === undefined) {
      await this.#create(path, bytes, signal);
      return;
    }
    const payload = payloadBeside(path, bytes);
    if (payload !== undefined && (await this.#isHere(payload, signal))) {
      await this.#create(path, bytes, signal);
      return;
    }
    this.#withheld.delete(path);
    this.#withheld.set(path, bytes.slice());
    const [oldest] = this.#withheld.keys();
    if (this.#withheld.size > MAX_WITHHELD && oldest !== undefined) this.#withheld.delete(oldest);
  }

  /** Whether the local store has the payload already, since only the record was lost there. */
  async #isHere(payload: PayloadBeside, signal: AbortSignal | undefined): Promise<boolean> {
    if ((await this.#local.stat(payload.path, { signal }))?.sizeBytes !== payload.sizeBytes) return false;
    return (await this.#puller.isWholeHere(payload, this.#attempt, signal)) === "whole";
  }

  async #keepPayload(
    path: StorePath,
    bytes: Uint8Array,
    recordPath: StorePath,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const record = await this.#recordAt(recordPath, signal);
    const payload = record && payloadBeside(recordPath, record);
    if (record === undefined || payload?.path !== path || payload.sizeBytes !== bytes.length) return;
    if ((await digestInParallel([bytes], { signal })) !== payload.digest) return;
    if (payload.filesFolder !== undefined) {
      const pulled = await this.#puller.pullFiles(payload.filesFolder, bytes, this.#attempt, signal);
      if (pulled !== "whole") return;
    }
    // The record may appear in the local store only if its payload is there.
    if (await this.#create(path, bytes, signal)) await this.#settleRecord(recordPath, record, signal);
  }
}
