import { DefinitionError } from "../errors/persistable-errors.ts";
import { type State, stateKey } from "../persistable/state.ts";

/**
 * The state of a persistable that was given by somebody.
 *
 * @param what - what it was given as, for the message
 * @throws {@link DefinitionError} for what is no persistable
 */
export function stateOf(given: unknown, what: string): State {
  const state = tryState(given);
  if (state !== undefined) return state;
  throw new DefinitionError(
    `${what} is ${describeKind(given)}, and no persistable of this copy of persistable-ts. Give what a definition, or a class that extends Persistable, has built.`,
  );
}

export function tryState(given: unknown): State | undefined {
  return typeof given === "object" && given !== null ? (given as { readonly [stateKey]?: State })[stateKey] : undefined;
}

function describeKind(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  return typeof given === "object" ? "an object" : `a ${typeof given}`;
}
