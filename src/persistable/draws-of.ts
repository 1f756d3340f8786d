import { DefinitionError } from "../errors/persistable-errors.ts";
import { describeKind } from "../util/describe-kind.ts";
import { addresserOf } from "./declare/declaration.ts";
import { hasState, newState, readyStateKey, type State, stateKey, type WithState } from "./declare/state.ts";
import { stateOf } from "./declare/state-of.ts";
import type { AnyPersistable } from "./persistable.ts";

/** Returns an iterable for one persistable as well as for many. */
export function eachPersistable<Built extends AnyPersistable>(given: Built | Iterable<Built>): Iterable<Built> {
  if (isPersistable(given)) return [given];
  if (typeof given === "object" && given !== null && Symbol.iterator in given) return given;
  const isDefinition = typeof given === "function" && "payloadName" in given;
  const what = isDefinition ? "a definition" : describeKind(given);
  throw new DefinitionError(
    `What was given is ${what}, and neither a persistable nor a list of persistables of this copy of persistable-ts. ` +
      `${isDefinition ? "Call it with its params first" : "Give what a definition, or a class that extends Persistable, has built"}.`,
  );
}

function isPersistable<Built extends AnyPersistable>(given: Built | Iterable<Built>): given is Built {
  return hasState(given);
}

/**
 * Yields each persistable as draws 0 to `draws - 1`: independent payloads of the same params. All
 * draws share what is upstream.
 *
 * @throws {@link DefinitionError} if a persistable is a draw already, or its class has its own
 * constructor
 */
export function* drawsOf(
  persistables: AnyPersistable | Iterable<AnyPersistable>,
  draws: number,
): Iterable<AnyPersistable> {
  for (const persistable of eachPersistable(persistables)) {
    const state = stateOf(persistable, "What was to be drawn");
    const { recipe } = state;
    if (recipe.draw !== 0)
      throw new DefinitionError(`${recipe.name} is draw ${recipe.draw} already, and was to be drawn ${draws} times.`);
    yield persistable;
    for (let draw = 1; draw < draws; draw++) yield withDraw(persistable, state, draw);
  }
}

function withDraw(persistable: AnyPersistable, original: State, draw: number): AnyPersistable {
  const { declaration, recipe, trackedParams, dependencyStates } = original;
  const addresser = addresserOf(declaration, recipe.name, recipe.version, draw, Object.keys(recipe.dependencies));
  const addresses = dependencyStates.map((state) => state.recipe.address);
  const address = addresser(trackedParams, addresses);
  const state = newState({ ...original, recipe: { ...recipe, draw, address } });
  const copy: AnyPersistable & WithState = Reflect.construct(persistable.constructor, [{ [readyStateKey]: state }]);
  if (copy[stateKey] !== state)
    throw new DefinitionError(
      `The class of ${recipe.name} has a constructor of its own: build its draws with it, and run those.`,
    );
  Object.assign(state, { hooks: copy });
  return copy;
}
