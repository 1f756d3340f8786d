import { DefinitionError } from "../errors/persistable-errors.ts";
import { addresserOf } from "./declare/declaration.ts";
import { readyStateKey, type State, stateKey } from "./declare/state.ts";
import { eachPersistable } from "./each-persistable.ts";
import type { AnyPersistable } from "./persistable.ts";

type WithState = AnyPersistable & { readonly [stateKey]: State };

/**
 * Each persistable as draws 0 to `draws - 1`: independent payloads of the same params. Upstream ones are shared by all draws.
 *
 * @throws {@link DefinitionError} where one is a draw already, or its class has a constructor of its own.
 */
export function* drawsOf(
  persistables: AnyPersistable | Iterable<AnyPersistable>,
  draws: number,
): Iterable<AnyPersistable> {
  for (const persistable of eachPersistable(persistables)) {
    const { recipe } = (persistable as WithState)[stateKey];
    if (recipe.draw !== 0)
      throw new DefinitionError(`${recipe.name} is draw ${recipe.draw} already, and was to be drawn ${draws} times.`);
    yield persistable;
    for (let draw = 1; draw < draws; draw++) yield withDraw(persistable as WithState, draw);
  }
}

function withDraw(persistable: WithState, draw: number): AnyPersistable {
  const original = persistable[stateKey];
  const { declaration, recipe, trackedParams, dependencyStates } = original;
  const roles = Object.keys(recipe.dependencies);
  const address = addresserOf(
    declaration,
    recipe.name,
    recipe.version,
    draw,
    roles,
  )(
    trackedParams,
    dependencyStates.map((state) => state.recipe.address),
  );
  const state: State = {
    ...original,
    recipe: { ...recipe, draw, address },
    isOpened: false,
    log: undefined,
    logging: undefined,
    held: { kind: "nothing" },
    lastGenerated: undefined,
    pending: undefined,
    busyMs: 0,
    paramsTree: undefined,
    variants: undefined,
  };
  const Class = persistable.constructor as new (options: object) => WithState;
  const copy = new Class({ [readyStateKey]: state });
  if (copy[stateKey] !== state)
    throw new DefinitionError(
      `The class of ${recipe.name} has a constructor of its own: build its draws with it, and run those.`,
    );
  Object.assign(state, { hooks: copy });
  return copy;
}
