import { readArtifact } from "../artifact/read-artifact.ts";
import type { ReadOutcome } from "../artifact/read-outcome.ts";
import { loadPart } from "../util/load-part.ts";
import type { State, Variant } from "./state.ts";

/** An artifact that was found, under which name; or why not. */
export type Found = Exclude<ReadOutcome, { readonly state: "hit" }> | FoundHit;

export interface FoundHit {
  readonly state: "hit";
  readonly payload: unknown;
  readonly source: string | undefined;
  /** Set where it was found under an earlier name. */
  readonly variant: Variant | undefined;
}

/** Look for the artifact at its address, then under its aliases; synchronously where the store can and it has no aliases. */
export function findArtifact(state: State, signal: AbortSignal | undefined): Found | Promise<Found> {
  const outcome = readAt(state, undefined, signal);
  if (outcome instanceof Promise) return outcome.then((settled) => orAlias(state, settled, signal));
  return orAlias(state, outcome, signal);
}

function orAlias(state: State, outcome: ReadOutcome, signal: AbortSignal | undefined): Found | Promise<Found> {
  if (outcome.state === "hit")
    return { state: "hit", payload: outcome.payload, source: outcome.source, variant: undefined };
  if (outcome.state === "corrupt") return outcome;
  return state.hasAliases ? findVariant(state, signal) : outcome;
}

async function findVariant(state: State, signal: AbortSignal | undefined): Promise<Found> {
  const { variantsOf } = await loadPart(() => import("./variant-addresses.ts"));
  for (const variant of variantsOf(state)) {
    const outcome = await readAt(state, variant, signal);
    if (outcome.state === "hit") return { state: "hit", payload: outcome.payload, source: outcome.source, variant };
  }
  // A damaged artifact of an earlier name is not ours to set aside: generating anew goes to the present name.
  return { state: "missing" };
}

function readAt(
  state: State,
  variant: Variant | undefined,
  signal: AbortSignal | undefined,
): ReadOutcome | Promise<ReadOutcome> {
  const { address, name } = variant ?? state.node;
  return readArtifact({
    store: state.surroundings.store,
    name,
    address,
    formats: state.formats,
    classes: state.node.classes,
    limits: state.limits,
    signal,
  });
}
