import { DefinitionError } from "../errors/persistable-errors.ts";
import { type State, stateKey } from "../persistable/declare/state.ts";
import { describeKind } from "../util/describe-kind.ts";

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
    `${what} is ${describeGiven(given)}, and not a persistable of this copy of persistable-ts. Give what a definition, or a class that extends Persistable, has built.`,
  );
}

export function tryState(given: unknown): State | undefined {
  return typeof given === "object" && given !== null ? (given as { readonly [stateKey]?: State })[stateKey] : undefined;
}

function describeGiven(given: unknown): string {
  const isDefinition = typeof given === "function" && "payloadName" in given;
  return isDefinition
    ? `the definition of ${String(given.payloadName)} (call it with params first)`
    : describeKind(given);
}
