import { DefinitionError } from "../../errors/persistable-errors.ts";
import { describeKind } from "../../util/describe-kind.ts";
import { hasState, type State, stateKey } from "./state.ts";

/**
 * Returns the state of a persistable that a caller has passed.
 *
 * @param what - describes the argument, for the message
 * @throws {@link DefinitionError} if it is not a persistable
 */
export function stateOf(given: unknown, what: string): State {
  const state = tryState(given);
  if (state !== undefined) return state;
  const remedy = "Give what a definition, or a class that extends Persistable, has built";
  if (isDefinition(given))
    throw new DefinitionError(
      `${what} is the definition of ${String(given.payloadName)}, and not a persistable. ${remedy}: call the definition with params first.`,
    );
  throw new DefinitionError(
    `${what} is ${describeKind(given)}, and not a persistable of this copy of persistable-ts. ${remedy}.`,
  );
}

export function tryState(given: unknown): State | undefined {
  return hasState(given) ? given[stateKey] : undefined;
}

function isDefinition(given: unknown): given is { readonly payloadName: unknown } {
  return typeof given === "function" && "payloadName" in given;
}
