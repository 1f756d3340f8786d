import { Untracked } from "../../params/untracked.ts";
import { paramsOf } from "./params-of.ts";
import type { State } from "./state.ts";
import { visitUpstreamFirst } from "./upstream-first.ts";

/** Own params and, under each role, that dependency's params tree; a shared dependency's tree is one shared object. */
export function paramsTreeOf(state: State): Readonly<Record<string, unknown>> {
  visitUpstreamFirst(
    state,
    ({ paramsTree }) => paramsTree === undefined,
    (upstream) => {
      upstream.paramsTree = buildTree(upstream);
    },
  );
  return state.paramsTree ?? {};
}

function buildTree(state: State): Readonly<Record<string, unknown>> {
  const tree: Record<string, unknown> = { ...paramsOf(state) };
  for (const { key, value, kind } of state.recipe.recipeParams)
    if (kind === "untracked") tree[key] = new Untracked(value);
  Object.keys(state.recipe.dependencies).forEach((role, i) => {
    tree[role] = state.dependencyStates[i]?.paramsTree;
  });
  return Object.freeze(tree);
}
