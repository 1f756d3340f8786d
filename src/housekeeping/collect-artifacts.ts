import type { Address } from "../address/address.ts";
import { isAddress } from "../address/address-of.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { withFreeLease } from "../artifact/lease/with-free-lease.ts";
import { removeArtifact } from "../artifact/publish/remove-artifact.ts";
import { removeOrphan } from "../artifact/publish/remove-orphans.ts";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { certainStore } from "../store/certain-store.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StoreCallOptions, StorePath } from "../store/store.ts";
import { assertStorePath } from "../store/store-path.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import type { ArtifactDecision, CollectionDecision, CollectionPlan, DebrisDecision } from "./collection-plan.ts";
import { isOfKind } from "./find-debris.ts";
import { readRoots } from "./read-roots.ts";
import { removeLitter } from "./store-litter.ts";
import { listStore, readStoredArtifacts } from "./stored-artifacts.ts";

/** Options of {@link collectArtifacts}. */
export interface CollectArtifactsOptions extends StoreCallOptions {
  /** Called after each decision that was carried out, or was not. */
  readonly onProgress?: ((progress: CollectionProgress) => void) | undefined;
}

/** How far a collection is. */
export interface CollectionProgress {
  readonly decision: CollectionDecision;
  /** Why it was not carried out. */
  readonly skipped?: string;
  readonly done: number;
  readonly total: number;
}

/** The work that a collection has done. */
export interface CollectionResult {
  readonly removed: readonly CollectionDecision[];
  /** The decisions that were not carried out, and why. */
  readonly skipped: readonly { readonly decision: CollectionDecision; readonly why: string }[];
  readonly sizeBytes: number;
}

/**
 * Removes what a plan says, beside programs that use the data directory. Before an artifact is
 * removed, it is checked once more under its lease: it stays if it was generated again, if a
 * process generates it now, if it got a tag, or if something new was made from it. Its record is
 * removed first, and then its payload. A collection that is broken off leaves whole artifacts, and
 * can be repeated.
 *
 * @param dataDir - the store that the plan was made for
 * @param plan - of `planCollection`, or one that was read from JSON
 * @throws {@link DefinitionError} if the plan is for another store; a StoreError; the signal's
 * reason
 *
 * @example
 * ```ts
 * import { collectArtifacts, planCollection } from "persistable-ts/housekeeping";
 *
 * const plan = await planCollection("example-data", { keepLast: 3 });
 * const { removed, sizeBytes } = await collectArtifacts("example-data", plan);
 * ```
 */
export async function collectArtifacts(
  dataDir: string | URL | Store,
  plan: CollectionPlan,
  options: CollectArtifactsOptions = {},
): Promise<CollectionResult> {
  const store = openStore(dataDir);
  if (plan.collection !== 1 || plan.store !== store.url)
    throw new DefinitionError(
      `This plan is for ${String(plan.store)}, and not for ${store.url}. Give the data directory that it was made for, or make another plan.`,
    );
  const planned = plan.decisions.filter(({ action }) => action === "remove");
  const collection = new Collection(store, plan, options.signal);
  await collection.lookForNew();
  const removed: CollectionDecision[] = [];
  const skipped: { readonly decision: CollectionDecision; readonly why: string }[] = [];
  for (const decision of planned) {
    options.signal?.throwIfAborted();
    const why = await collection.carryOut(decision);
    if (why === undefined) removed.push(decision);
    else skipped.push({ decision, why });
    const done = removed.length + skipped.length;
    options.onProgress?.({ decision, ...(why === undefined ? {} : { skipped: why }), done, total: planned.length });
  }
  return { removed, skipped, sizeBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** After this many removals, the collection looks for new artifacts again. */
const REMOVALS_PER_LOOK = 1000;

class Collection {
  readonly #store: Store;
  readonly #certain: Store;
  readonly #signal: AbortSignal | undefined;
  /** The records that the plan has judged, or that this collection has seen since. */
  readonly #known: Set<string>;
  /** The addresses of everything that a remaining artifact was made from. */
  readonly #needed = new Set<Address>();
  #removals = 0;
  #isLitterRemoved = false;

  constructor(store: Store, { decisions }: CollectionPlan, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#certain = certainStore(store);
    this.#signal = signal;
    this.#known = new Set(decisions.flatMap((decision) => (decision.kind === "artifact" ? [decision.path] : [])));
  }

  /**
   * Looks for artifacts that have appeared since the plan: everything that they were made from has
   * to stay.
   */
  async lookForNew(): Promise<void> {
    const { entries, records } = await listStore(this.#certain, this.#signal);
    const unknown = records.filter(({ path }) => !this.#known.has(path));
    const listing = { entries, records: unknown };
    for (const madeFrom of await readStoredArtifacts(this.#certain, listing, (one) => one.madeFrom, this.#signal))
      this.#need(madeFrom);
    for (const { path } of unknown) this.#known.add(path);
  }

  /**
   * Returns why the decision was not carried out; `undefined` if it was, or if its objects were
   * gone already.
   */
  async carryOut(decision: CollectionDecision): Promise<string | undefined> {
    if (decision.kind !== "artifact") return this.#removeDebris(decision);
    if (++this.#removals % REMOVALS_PER_LOOK === 0) await this.lookForNew();
    const why = await this.#removeArtifact(decision);
    if (why !== undefined) this.#need(decision.madeFrom);
    return why;
  }

  #need(madeFrom: readonly Address[]): void {
    for (const address of madeFrom) this.#needed.add(address);
  }

  async #removeArtifact(decision: ArtifactDecision): Promise<string | undefined> {
    const { name, address, path } = decision;
    if (!isAddress(address) || path !== recordPath(name, address)) return "its record is not where the plan says";
    let why: string | undefined = "a process is generating it";
    await withFreeLease(this.#store, address, async () => {
      why = await this.#findObjection(decision);
      if (why === undefined) await removeArtifact(this.#store, name, address, this.#certain);
    });
    return why;
  }

  async #findObjection({ name, address, recordDigest }: ArtifactDecision): Promise<string | undefined> {
    if (this.#needed.has(address)) return "something that stays is made from it";
    const bytes = await readRecordBytes(this.#certain, recordPath(name, address), { signal: this.#signal });
    // The record may be gone already: an earlier collection of this plan may have been broken off
    // after removing it.
    if (bytes !== undefined && sha256Hex(bytes) !== recordDigest) return "it was generated again since";
    return (await readRoots(this.#certain, this.#signal, name)).get(address)?.text;
  }

  async #removeDebris({ kind, paths, orphan, changedAt }: DebrisDecision): Promise<string | undefined> {
    const signal = this.#signal;
    if (kind === "temporary") return this.#removeLitter();
    if (kind === "orphan") {
      const isGone = orphan !== undefined && (await removeOrphan(this.#store, orphan.name, orphan.file, { signal }));
      return isGone ? undefined : "a record refers to it";
    }
    const checked: StorePath[] = [];
    for (const path of paths) {
      assertStorePath(path);
      checked.push(path);
      if (!isOfKind[kind](path)) return "its path is not that of what the plan says";
      const entry = await this.#certain.stat(path, { signal });
      // The plan has times without fractions of a millisecond, so fractions are ignored here.
      if (entry !== undefined && Math.floor(entry.modifiedMs) > Date.parse(changedAt)) return "it has changed since";
    }
    for (const path of checked) await this.#store.remove(path, { signal });
    return undefined;
  }

  async #removeLitter(): Promise<undefined> {
    if (!this.#isLitterRemoved) await removeLitter(this.#store);
    this.#isLitterRemoved = true;
  }
}
