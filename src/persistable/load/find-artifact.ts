import type { StaleReason } from "../../artifact/explain/miss.ts";
import { readArtifact } from "../../artifact/read/read-artifact.ts";
import type { ReadOutcome, WantedArtifact } from "../../artifact/read/read-outcome.ts";
import type { ArtifactRecord, Making } from "../../record/record.ts";
import type { Store } from "../../store/store.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { State, Variant } from "../declare/state.ts";

const variantAddressesPart = lazyPart(() => import("../declare/variant-addresses.ts"));

/** An artifact that was found, and under which name; or the reason why there is none to load. */
export type Found = FoundArtifact | Miss;

/** An artifact that cannot be loaded: it is missing, damaged, or not fresh enough. */
export type Miss = Exclude<ReadOutcome, { readonly state: "present" }> | StaleArtifact;

/** An artifact that exists and is not fresh enough: it has expired, or another source made it. */
export interface StaleArtifact {
  readonly state: "stale";
  readonly reason: StaleReason;
  /** When it was made. An artifact with another time has replaced it since. */
  readonly createdAt: string;
}

export interface FoundArtifact {
  readonly state: "present";
  readonly payload: unknown;
  readonly source: string | undefined;
  /** Present if the caller has asked for the record. */
  readonly record?: ArtifactRecord | undefined;
  readonly making?: Making | undefined;
  /** True if it has expired, and is returned while it is generated again. */
  readonly isStale?: boolean;
  /** Set if the artifact was found under an earlier name. */
  readonly variant: Variant | undefined;
}

/**
 * Looks for the artifact at its address, then under its aliases. If the store can read
 * synchronously and there are no aliases, the outcome is returned without a promise.
 *
 * @param store - the store to look in; callers that generate nothing pass a `certainStore`
 * @param needs - a listener is told when a payload was made and at what cost
 */
export function findArtifact(
  state: State,
  signal: AbortSignal | undefined,
  store: Store = state.surroundings.store,
  needs: WantedArtifact["needs"] = state.surroundings.onEvent === undefined ? undefined : "making",
): Found | Promise<Found> {
  const read: ReadAt = (variant) => readAt(state, store, variant, signal, needs);
  const outcome = read(undefined);
  if (outcome instanceof Promise) return outcome.then((settled) => orAlias(state, settled, read));
  return orAlias(state, outcome, read);
}

type ReadAt = (variant: Variant | undefined) => ReadOutcome | Promise<ReadOutcome>;

function orAlias(state: State, outcome: ReadOutcome, read: ReadAt): Found | Promise<Found> {
  if (outcome.state === "present") return asFound(outcome, undefined);
  if (outcome.state === "damaged") return outcome;
  return state.hasAliases ? findVariant(state, read) : outcome;
}

function asFound(
  { payload, source, record, making = record?.provenance }: Extract<ReadOutcome, { state: "present" }>,
  variant: Variant | undefined,
): FoundArtifact {
  return { state: "present", payload, source, record, making, variant };
}

async function findVariant(state: State, read: ReadAt): Promise<Found> {
  const { variantsOf } = await variantAddressesPart();
  for (const variant of variantsOf(state)) {
    const outcome = await read(variant);
    if (outcome.state === "present") return asFound(outcome, variant);
  }
  // A damaged artifact under an earlier name is not set aside: the payload is generated again under
  // the present name.
  return { state: "missing" };
}

function readAt(
  state: State,
  store: Store,
  variant: Variant | undefined,
  signal: AbortSignal | undefined,
  needs: WantedArtifact["needs"],
): ReadOutcome | Promise<ReadOutcome> {
  const { address, name } = variant ?? state.recipe;
  return readArtifact({
    store,
    name,
    address,
    formats: state.formats,
    classes: state.recipe.classes,
    limits: state.limits,
    signal,
    needs,
  });
}
