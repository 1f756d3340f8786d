import { DefinitionError } from "../errors/persistable-errors.ts";
import { describeKind } from "../util/describe-kind.ts";
import { stateKey } from "./declare/state.ts";
import type { AnyPersistable } from "./persistable.ts";

/** One persistable, or many, as many. */
export function eachPersistable<Built extends AnyPersistable>(given: Built | Iterable<Built>): Iterable<Built> {
  if (typeof given === "object" && given !== null) {
    if (stateKey in given) return [given as Built];
    if (Symbol.iterator in given) return given;
  }
  const isDefinition = typeof given === "function" && "payloadName" in given;
  const what = isDefinition ? "a definition" : describeKind(given);
  throw new DefinitionError(
    `What was given is ${what}, and neither a persistable nor a list of persistables of this copy of persistable-ts. ` +
      `${isDefinition ? "Call it with its params first" : "Give what a definition, or a class that extends Persistable, has built"}.`,
  );
}
