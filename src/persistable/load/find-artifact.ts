import { readArtifact } from "../../artifact/read/read-artifact.ts";
import type { ReadOutcome } from "../../artifact/read/read-outcome.ts";
import type { Store } from "../../store/store.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import type { State, Variant } from "../declare/state.ts";

/** An artifact that was found, and under which name; or the reason why there is none to load. */
export type Found = Exclude<ReadOutcome, { readonly state: "present" }> | FoundArtifact;

export interface FoundArtifact {
  readonly state: "present";
  readonly payload: unknown;
  readonly source: string | undefined;
  /** Set if the artifact was found under an earlier name. */
  readonly variant: Variant | undefined;
}

/**
 * Looks for the artifact at its address, then under its aliases. If the store can read
 * synchronously and there are no aliases, the outcome is returned without a promise.
 *
 * @param store - the store to look in; callers that generate nothing pass a `certainStore`
 */
export function findArtifact(
  state: State,
  signal: AbortSignal | undefined,
  store: Store = state.surroundings.store,
): Found | Promise<Found> {
  const outcome = readAt(state, store, undefined, signal);
  if (outcome instanceof Promise) return outcome.then((settled) => orAlias(state, store, settled, signal));
  return orAlias(state, store, outcome, signal);
}

function orAlias(
  state: State,
  store: Store,
  outcome: ReadOutcome,
  signal: AbortSignal | undefined,
): Found | Promise<Found> {
  if (outcome.state === "present")
    return { state: "present", payload: outcome.payload, source: outcome.source, variant: undefined };
  if (outcome.state === "damaged") return outcome;
  return state.hasAliases ? findVariant(state, store, signal) : outcome;
}

async function findVariant(state: State, store: Store, signal: AbortSignal | undefined): Promise<Found> {
  const { variantsOf } = await loadPart(() => import("../declare/variant-addresses.ts"));
  for (const variant of variantsOf(state)) {
    const outcome = await readAt(state, store, variant, signal);
    if (outcome.state === "present")
      return { state: "present", payload: outcome.payload, source: outcome.source, variant };
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
  });
}
