import { Untracked } from "../../params/untracked.ts";
import { snapshotParams } from "./snapshot-params.ts";
import type { State } from "./state.ts";
import { visitUpstreamFirst } from "./upstream-first.ts";

/** Returns the own params for a caller: the frozen ones, or a copy if a part cannot be frozen. */
export function paramsOf(state: State): Readonly<Record<string, unknown>> {
  const { snapshot, declaration } = state;
  return snapshot.mutable ? snapshotParams(snapshot.params, declaration.classes).params : snapshot.params;
}

/**
 * Returns the own params and, under each role, that dependency's params tree. A dependency that is
 * used more than once has one tree, which is shared.
 */
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
