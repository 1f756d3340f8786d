import { objectAt } from "../artifact/layout/artifact-paths.ts";
import { payloadBeside } from "../artifact/layout/payload-objects.ts";
import { isIntact } from "../record/record-text.ts";
import { isInternal } from "../store/internal-folder.ts";
import type { Chunks, StoreCallOptions, StorePath } from "../store/store.ts";
import { collected } from "../util/concurrency/collected.ts";
import { piecesIn } from "./copy-object.ts";
import type { Dismissal } from "./dismissals.ts";
import type { LayerParts } from "./layer-parts.ts";
import { type Ask, type Unreachable, unreachable } from "./remote-link.ts";
import type { WriteThrough } from "./write-through.ts";

/** Says what `push` does if the two stores differ. */
export interface PushOptions extends StoreCallOptions {
  /**
   * Says what happens if the stores have different artifacts under one address: `"keep"` leaves
   * both as they are, `"send"` replaces the remote's with the local one, `"take"` the local one
   * with the remote's. Default `"keep"`.
   */
  readonly different?: "keep" | "send" | "take" | undefined;
}

/** Counts the objects that `push` has looked at; a record and its payload count as one. */
export interface Pushed {
  /** Brought to the remote. */
  readonly sent: number;
  /** Copied from the remote, since the local one was damaged or `different` is `"take"`. */
  readonly taken: number;
  /** Removed from the remote, since they were removed here while it was away. */
  readonly removed: number;
  /** The remote had the same. */
  readonly present: number;
  /** The remote has another object under the same name, and both were left as they are. */
  readonly different: number;
  /** Damaged in the local store and not whole in the remote, so they were not sent. */
  readonly damaged: number;
  /** Objects for which the remote did not answer. */
  readonly failed: number;
}

type Outcome = keyof Pushed | undefined;

/** The work of `push`. */
export async function pushAll(parts: LayerParts, through: WriteThrough, options: PushOptions): Promise<Pushed> {
  const { local, link, claims, dismissals } = parts;
  const { signal } = options;
  await local.prepare?.({ signal });
  await link.prepare({ signal });
  claims.settle();
  const push = new Push(parts, through, options);
  const counts = { sent: 0, taken: 0, removed: 0, present: 0, different: 0, damaged: 0, failed: 0 };
  const count = (outcome: Outcome): void => {
    if (outcome !== undefined) counts[outcome]++;
  };
  for (const dismissal of await collected(dismissals.list(""))) count(await push.settleRemoval(dismissal));
  for await (const { path, sizeBytes } of local.list("", { signal })) count(await push.settle(path, sizeBytes));
  return counts;
}

class Push {
  readonly #parts: LayerParts;
  readonly #through: WriteThrough;
  readonly #different: "keep" | "send" | "take";
  readonly #signal: AbortSignal | undefined;

  constructor(parts: LayerParts, through: WriteThrough, { different = "keep", signal }: PushOptions) {
    this.#parts = parts;
    this.#through = through;
    this.#different = different;
    this.#signal = signal;
  }

  /** Remove from the remote what was removed here, if the remote still has it. */
  async settleRemoval({ path, why }: Dismissal): Promise<Outcome> {
    const { local, dismissals } = this.#parts;
    // If the object was made here again, it is compared and sent like every other local object.
    if (why !== "removed" || (await local.stat(path)) !== undefined) return undefined;
    const theirs = await this.#readRemote(path);
    if (theirs === unreachable) return "failed";
    if (theirs === undefined || (await dismissals.hides(path, theirs)) === undefined) {
      await dismissals.forget(path);
      return undefined;
    }
    const removed = await this.#attempt("remove", path, (remote) => remote.remove(path, { signal: this.#signal }));
    if (removed === unreachable) return "failed";
    await this.#through.removePayloadRemotely(path, theirs, this.#signal);
    await dismissals.forget(path);
    return "removed";
  }

  async settle(path: StorePath, sizeBytes: number): Promise<Outcome> {
    const { kind } = objectAt(path);
    // Payloads are sent with their records. Files outside of all folders are logs, which stay here.
    if (isInternal(path) || kind === "payload" || kind === "part" || !path.includes("/")) return undefined;
    return kind === "record" ? this.#settleRecord(path) : this.#settleOther(path, sizeBytes);
  }

  async #settleRecord(path: StorePath): Promise<Outcome> {
    const own = await this.#parts.local.read(path, { signal: this.#signal });
    if (own === undefined) return undefined;
    if (!isIntact(own)) return this.#take(path, own, "damaged");
    const theirs = await this.#readRemote(path);
    if (theirs === unreachable) return "failed";
    if (theirs === undefined) return this.#create(path, own);
    if (Buffer.compare(own, theirs) === 0) return (await this.#sendPayload(path, own)) ?? "present";
    return this.#settleDifferent(path, own, theirs);
  }

  async #create(path: StorePath, own: Uint8Array): Promise<Outcome> {
    const problem = await this.#sendPayload(path, own);
    if (problem !== undefined) return problem;
    const created = await this.#attempt("create", path, (remote) => remote.createIfAbsent(path, [own]));
    if (created === unreachable) return "failed";
    if (created === "created") return "sent";
    // Another machine has created the record in the meantime.
    const theirs = await this.#readRemote(path);
    if (theirs === unreachable || theirs === undefined) return "failed";
    if (Buffer.compare(own, theirs) === 0) return "present";
    await this.#through.removePayloadRemotely(path, own, this.#signal);
    return this.#settleDifferent(path, own, theirs);
  }

  async #settleDifferent(path: StorePath, own: Uint8Array, theirs: Uint8Array): Promise<Outcome> {
    const isDismissed = (await this.#parts.dismissals.hides(path, theirs)) !== undefined;
    if (isDismissed || this.#different === "send" || (await this.#isDamagedRemotely(path, theirs)))
      return this.#send(path, own);
    return this.#different === "take" ? this.#take(path, own, "different") : "different";
  }

  async #send(path: StorePath, own: Uint8Array): Promise<Outcome> {
    const problem = await this.#sendPayload(path, own);
    if (problem !== undefined) return problem;
    const sent = await this.#through.replaceRemotely(path, () => [own], this.#signal);
    return sent === unreachable ? "failed" : "sent";
  }

  /** Returns why the payload of a record cannot be in the remote; `undefined` if it is there. */
  async #sendPayload(path: StorePath, own: Uint8Array): Promise<"damaged" | "failed" | undefined> {
    const payload = payloadBeside(path, own);
    const sent = payload === undefined ? "sent" : await this.#through.ensureSent(payload, this.#signal);
    if (sent === "sent") return undefined;
    return sent === unreachable ? "failed" : "damaged";
  }

  async #take(path: StorePath, own: Uint8Array, otherwise: "damaged" | "different"): Promise<Outcome> {
    const { healing } = this.#parts;
    const { isHealed, failure } = await healing.heal(path, { recordBytes: own }, this.#attempt, this.#signal);
    if (isHealed) return "taken";
    return failure === undefined ? otherwise : "failed";
  }

  /**
   * An answer may be damaged on its way, so only two damaged answers prove that the remote's record
   * is damaged.
   */
  async #isDamagedRemotely(path: StorePath, theirs: Uint8Array): Promise<boolean> {
    if (isIntact(theirs)) return false;
    const again = await this.#readRemote(path);
    return again instanceof Uint8Array && !isIntact(again);
  }

  /** Settles an object that is not part of an artifact. Only its size can be compared. */
  async #settleOther(path: StorePath, sizeBytes: number): Promise<Outcome> {
    const signal = this.#signal;
    const source = (): Chunks => piecesIn(this.#parts.local, path, sizeBytes, signal);
    const theirs = await this.#attempt("stat", path, (remote) => remote.stat(path, { signal }));
    if (theirs === unreachable) return "failed";
    if (theirs === undefined) {
      const created = await this.#attempt("create", path, (remote) =>
        remote.createIfAbsent(path, source(), { signal }),
      );
      if (created === unreachable) return "failed";
      return created === "created" ? "sent" : "present";
    }
    if (theirs.sizeBytes === sizeBytes) return "present";
    if (this.#different === "keep") return "different";
    if (this.#different === "take")
      return (await this.#parts.readThrough.takeOver(path, signal)) === "taken" ? "taken" : "failed";
    const sent = await this.#attempt("replace", path, (remote) => remote.replace(path, source(), { signal }));
    return sent === unreachable ? "failed" : "sent";
  }

  #readRemote(path: StorePath): Promise<Uint8Array | Unreachable | undefined> {
    const signal = this.#signal;
    return this.#attempt("read", path, (remote) => remote.read(path, { signal }));
  }

  readonly #attempt: Ask = (operation, path, work) => this.#parts.link.attempt(operation, path, work, this.#signal);
}
