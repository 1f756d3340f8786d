import type { Address } from "../../address/address.ts";
import type { Format } from "../../format/format.ts";
import { encodeRecord, type RecordDraft } from "../../record/encode-record.ts";
import type { Provenance, RecordedPayload } from "../../record/record.ts";
import { mentionsFile } from "../../record/record-text.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { newPayloadFile } from "../layout/artifact-paths.ts";
import { readPayloadFile, removePayload } from "../layout/payload-objects.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import { retirePayload } from "../layout/replaced-payloads.ts";
import type { DamagedArtifact } from "../read/read-outcome.ts";
import { bytesOrigin, type PayloadOrigin, type StagedPayload } from "./payload-origin.ts";

/** The address of an artifact in a store. */
export interface Place {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
}

/** The record of a publication, and what it may replace. */
export interface Commit {
  readonly draft: RecordDraft;
  readonly provenance: Provenance;
  /**
   * `true` replaces any artifact on purpose; with a damaged artifact, only that one is replaced.
   */
  readonly replace: boolean | DamagedArtifact;
  readonly signal: AbortSignal | undefined;
}

/** The outcome of a commit. */
export interface Published {
  /** `exists`: another writer was first, and its artifact was kept. */
  readonly outcome: "created" | "replaced" | "exists";
  readonly payload: RecordedPayload;
  readonly recordFile: StorePath;
}

/**
 * The things that are still to be removed if a caller drops a publication without ending it. They
 * must not refer to the payload, which the garbage collector could not free then.
 */
interface Leftovers {
  readonly place: Place;
  /** The payload file in the store, unless a record names it. */
  file: string | undefined;
  /** Whether a commit has failed and may have taken effect all the same. */
  mayBeCommitted: boolean;
  discardOrigin: PayloadOrigin["discard"];
}

/**
 * The publication of one payload. It owns what it has written until a record names it:
 *
 *   new ── stage() ──▶ staged ── commit() ──▶ committed
 *    ▲                   │
 *    └──── unstage() ────┤
 *                        └─ discard() ──▶ over, also from new
 *
 * The payload is written under a name that no record names yet, and the record last. The record's
 * appearance is the commit, so a crash at any point leaves either no artifact or a whole one.
 */
export class Publication {
  readonly #place: Place;
  readonly #leftovers: Leftovers;
  #origin: PayloadOrigin | undefined;
  #staged: StagedPayload | undefined;

  constructor({ store, name, address }: Place, origin: PayloadOrigin) {
    this.#place = { store, name, address };
    this.#origin = origin;
    this.#leftovers = {
      place: this.#place,
      file: undefined,
      mayBeCommitted: false,
      discardOrigin: origin.discard,
    };
    // A payload in memory has nothing outside the store to remove, and its publication always ends.
    if (origin.discard !== undefined) forgotten.register(this, this.#leftovers);
  }

  get isStaged(): boolean {
    return this.#staged !== undefined;
  }

  /** Whether the payload can be staged again, or looked at outside the store. */
  get hasOrigin(): boolean {
    return this.#origin !== undefined;
  }

  /**
   * Writes the payload into the store, unless it is there.
   *
   * @throws a StoreError or the payload's own failure; then nothing of the payload is left in the
   * store, unless the store cannot remove it
   */
  async stage(signal: AbortSignal | undefined): Promise<StagedPayload> {
    if (this.#staged !== undefined) return this.#staged;
    if (this.#origin === undefined) throw new TypeError("A publication that has ended cannot be staged again.");
    const { store, name, address } = this.#place;
    const file = newPayloadFile(address, this.#origin.extension);
    this.#leftovers.file = file;
    try {
      this.#staged = await this.#origin.write({ store, name, file, signal });
      return this.#staged;
    } catch (error) {
      await this.unstage();
      throw error;
    }
  }

  /** Returns the payload from outside the store; `undefined` if it is not kept there. */
  async openOrigin(): Promise<unknown> {
    return this.#origin?.open?.();
  }

  /**
   * Writes the record, and stages the payload first if that was not done yet. If another writer was
   * first or this fails, the payload stays staged, for the owner to try again or to discard.
   *
   * @throws a StoreError. Then the store is unchanged, with one exception: if the store only failed
   * to protect the record against a power cut, the new artifact may exist, and is whole.
   */
  async commit({ draft, provenance, replace, signal }: Commit): Promise<Published> {
    const { store, name, address } = this.#place;
    const inline = this.#origin?.inline;
    const payload = inline?.payload ?? (await this.stage(signal));
    const recordFile = recordPath(name, address);
    const bytes = [encodeRecord(draft, payload, inline?.text, provenance)];
    const { mayBeCommitted } = this.#leftovers;
    this.#leftovers.mayBeCommitted = true;
    const created =
      (inline && store.sync?.createIfAbsent?.(recordFile, bytes)) ??
      (await store.createIfAbsent(recordFile, bytes, { signal }));
    // An earlier attempt may have committed this payload, although the store reported a failure.
    let outcome: Published["outcome"] =
      created === "exists" && (await isCommitted(this.#place, payload.file)) ? "created" : created;
    if (outcome === "exists" && replace !== false)
      outcome = await this.#replace(recordFile, bytes, payload.file, replace, signal);
    if (outcome === "exists") this.#leftovers.mayBeCommitted = mayBeCommitted;
    else this.#leftovers.file = undefined;
    return { outcome, payload, recordFile };
  }

  /** Takes the payload out of the store again. If its origin is kept, it can be staged again. */
  async unstage(): Promise<void> {
    this.#staged = undefined;
    await removeStaged(this.#leftovers);
  }

  /** Removes what is kept outside the store. The payload cannot be staged again after that. */
  async releaseOrigin(): Promise<void> {
    this.#origin = undefined;
    await discardOrigin(this.#leftovers);
  }

  /**
   * Removes all that no record names. Calling it again, or after a commit, removes nothing more.
   */
  async discard(): Promise<void> {
    await this.releaseOrigin();
    await this.unstage();
  }

  async #replace(
    recordFile: StorePath,
    bytes: readonly Uint8Array[],
    file: string | undefined,
    replace: true | DamagedArtifact,
    signal: AbortSignal | undefined,
  ): Promise<"replaced" | "exists"> {
    const { store, name, address } = this.#place;
    const before = await readPayloadFile(store, name, address);
    if (replace !== true && store.layers !== undefined) {
      const outcome = await store.layers.replaceDamaged(recordFile, bytes, replace, { signal });
      // Another layer of the store has a whole artifact after all.
      if (outcome === "exists") return outcome;
    } else await store.replace(recordFile, bytes, { signal });
    // A reader that still holds the earlier record finds its payload gone, and looks again.
    if (before !== undefined && before !== file) await retirePayload(store, name, address, before);
    return "replaced";
  }
}

/**
 * Publishes a payload that is in memory; see {@link Publication}. If it is not published, the store
 * keeps nothing of it.
 */
export async function publishArtifact({
  store,
  format,
  encoded,
  inlineBytes,
  ...commit
}: Commit & {
  readonly store: Store;
  readonly format: Format;
  readonly encoded: readonly Uint8Array[];
  readonly inlineBytes: number;
}): Promise<Published> {
  const { name, address } = commit.draft.node;
  const publication = new Publication({ store, name, address }, bytesOrigin(format, encoded, inlineBytes));
  try {
    return await publication.commit(commit);
  } finally {
    await publication.discard();
  }
}

const forgotten = new FinalizationRegistry<Leftovers>((leftovers) => {
  void discardOrigin(leftovers).then(() => removeStaged(leftovers));
});

async function discardOrigin(leftovers: Leftovers): Promise<void> {
  const discard = leftovers.discardOrigin;
  leftovers.discardOrigin = undefined;
  await discard?.();
}

/** Never fails: what cannot be removed now is collected later, as no record refers to it. */
async function removeStaged(leftovers: Leftovers): Promise<void> {
  const { place, file, mayBeCommitted } = leftovers;
  leftovers.file = undefined;
  if (file === undefined) return;
  try {
    if (mayBeCommitted) {
      const certain = { ...place, store: certainStore(place.store) };
      // The record is read twice, since a single read may be faulty, and the payload would be lost.
      for (let look = 0; look < 2; look++) if (await isCommitted(certain, file)) return;
    }
    await removePayload(place.store, place.name, file);
  } catch {
    // The failure that led here is the one to report.
  }
}

async function isCommitted({ store, name, address }: Place, file: string | undefined): Promise<boolean> {
  if (file === undefined) return false;
  const record = await readRecordBytes(store, recordPath(name, address));
  return record !== undefined && mentionsFile(record, file);
}
