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
  throw new DefinitionError(
    `${what} is ${describeGiven(given)}, and not a persistable of this copy of persistable-ts. Give what a definition, or a class that extends Persistable, has built.`,
  );
}

export function tryState(given: unknown): State | undefined {
  return hasState(given) ? given[stateKey] : undefined;
}

function describeGiven(given: unknown): string {
  const isDefinition = typeof given === "function" && "payloadName" in given;
  return isDefinition
    ? `the definition of ${String(given.payloadName)} (call it with params first)`
    : describeKind(given);
}
