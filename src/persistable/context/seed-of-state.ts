import { seedDigestOf, seedOfDigest } from "../../address/seed-of.ts";
import type { State } from "../declare/state.ts";
import { visitUpstreamFirst } from "../declare/upstream-first.ts";

const digests = new WeakMap<State, string>();

/** The seed of a persistable, from its draw and tracked params and those upstream. */
export function seedOfState(state: State): number {
  visitUpstreamFirst(
    state,
    (each) => !digests.has(each),
    (each) => digests.set(each, digestOf(each)),
  );
  return seedOfDigest(digests.get(state) ?? digestOf(state));
}

function digestOf({ recipe, trackedParams, dependencies, dependencyStates }: State): string {
  // The states stand in the order of the roles.
  const byRole = Object.keys(dependencies).flatMap((role, i) => {
    const upstream = dependencyStates[i];
    return upstream === undefined ? [] : [[role, digests.get(upstream)]];
  });
  return seedDigestOf(
    { draw: recipe.draw, params: trackedParams, dependencies: Object.fromEntries(byRole) },
    { classes: recipe.classes },
  );
}
