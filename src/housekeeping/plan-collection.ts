import { certainStore } from "../store/certain-store.ts";
import { openStore } from "../store/open/open-store.ts";
import type { Store, StoreCallOptions } from "../store/store.ts";
import { askedRecord } from "./asked-record.ts";
import { type Candidate, chooseArtifacts } from "./choose-artifacts.ts";
import { type ArtifactDecision, type CollectionPlan, planOf } from "./collection-plan.ts";
import { type CollectionPolicy, checkPolicy, concernsArtifacts } from "./collection-policy.ts";
import { findDebris } from "./find-debris.ts";
import { readRoots } from "./read-roots.ts";
import { type Listing, listStore, readStoredArtifacts, type StoredArtifact } from "./stored-artifacts.ts";

/** Options of {@link planCollection}. */
export interface PlanCollectionOptions extends StoreCallOptions {
  /** The time against which ages are measured; now by default. */
  readonly nowMs?: number | undefined;
}

/**
 * Says what a policy would remove of a data directory, and why everything else stays. Nothing is
 * removed: {@link collectArtifacts} carries the plan out.
 *
 * @param dataDir - a folder, the URL of a store, or a store
 * @throws {@link DefinitionError} for a policy with a condition that does not exist; {@link
 * InvalidQueryError}; a StoreError if the store cannot be read
 *
 * @example
 * ```ts
 * import { collectArtifacts, planCollection } from "persistable-ts/housekeeping";
 *
 * const day = 24 * 60 * 60 * 1000;
 * const plan = await planCollection("example-data", { olderThanMs: 30 * day, keepLast: 3, orphans: true });
 * for (const { action, reason } of plan.decisions) console.log(action, reason.text);
 * await collectArtifacts("example-data", plan);
 * ```
 */
export async function planCollection(
  dataDir: string | URL | Store,
  policy: CollectionPolicy,
  options: PlanCollectionOptions = {},
): Promise<CollectionPlan> {
  checkPolicy(policy);
  const { signal, nowMs = Date.now() } = options;
  const opened = openStore(dataDir);
  // A layer that does not answer must fail the plan: an artifact whose dependents are not listed
  // would seem to have none.
  const store = certainStore(opened);
  const listing = await listStore(store, signal);
  const artifacts = concernsArtifacts(policy) ? await chooseFrom(store, listing, policy, { nowMs, signal }) : [];
  const debris = await findDebris(opened, listing.entries, policy, { nowMs, signal });
  const removed = artifacts.filter(({ action }) => action === "remove");
  const kept = artifacts.filter(({ action }) => action === "keep");
  return planOf(store.url, [...removed, ...debris, ...kept]);
}

async function chooseFrom(
  store: Store,
  listing: Listing,
  policy: CollectionPolicy,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal | undefined },
): Promise<ArtifactDecision[]> {
  const isAsked = askedRecord(policy, nowMs);
  const toCandidate = ({ record, bytes, ...artifact }: StoredArtifact): Candidate => {
    const isOfName = policy.names === undefined || policy.names.includes(artifact.name);
    const isWanted = record !== undefined && isOfName && isAsked({ record, bytes });
    return { ...artifact, isReadable: record !== undefined, isWanted };
  };
  const candidates = await readStoredArtifacts(store, listing, toCandidate, signal);
  return chooseArtifacts(candidates, policy, await readRoots(store, signal), nowMs);
}
