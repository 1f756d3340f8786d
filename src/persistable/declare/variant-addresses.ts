import type { Address } from "../../address/address.ts";
import { addresserOf } from "./declaration.ts";
import type { State, Variant } from "./state.ts";
import { visitUpstreamFirst } from "./upstream-first.ts";

/**
 * At most this many addresses are tried, since each costs a look at the store on a miss. They are
 * enough for a rename or two at several levels.
 */
const MAX_VARIANTS = 32;

/**
 * Returns the addresses that this recipe had under earlier names, its own names and those upstream.
 * A recipe holds the addresses of its dependencies, so renaming one of them changes the addresses
 * of all that depends on it.
 */
export function variantsOf(state: State): readonly Variant[] {
  if (!state.hasAliases) return NONE;
  visitUpstreamFirst(
    state,
    ({ hasAliases, variants }) => hasAliases && variants === undefined,
    (upstream) => {
      upstream.variants = allOf(upstream).slice(1);
    },
  );
  return state.variants ?? NONE;
}

const NONE: readonly Variant[] = [];

/** Returns all variants; the present address comes first. */
function allOf(state: State): readonly Variant[] {
  const { declaration } = state;
  const upstream = state.dependencyStates.map((dependency) => [
    presentOf(dependency),
    ...(dependency.variants ?? NONE),
  ]);
  const roles = Object.keys(state.recipe.dependencies);
  const variants: Variant[] = [];
  for (const addresses of combinations(upstream.map((entries) => entries.map(({ address }) => address)))) {
    for (const name of [state.recipe.name, ...declaration.aliases]) {
      const address = addresserOf(
        declaration,
        name,
        state.recipe.version,
        state.recipe.draw,
        roles,
      )(state.trackedParams, addresses);
      if (!variants.some((known) => known.address === address)) variants.push({ name, address });
      if (variants.length > MAX_VARIANTS) return variants;
    }
  }
  return variants;
}

function presentOf(state: State): Variant {
  return { name: state.recipe.name, address: state.recipe.address };
}

function* combinations(choices: readonly (readonly Address[])[]): Generator<Address[]> {
  const [first, ...rest] = choices;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const tail of combinations(rest)) for (const address of first) yield [address, ...tail];
}
