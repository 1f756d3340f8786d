import type { AnyPersistable } from "./persistable.ts";
import { stateKey } from "./state.ts";

/** One persistable, or many, as many. */
export function eachPersistable<Built extends AnyPersistable>(given: Built | Iterable<Built>): Iterable<Built> {
  return stateKey in given ? [given as Built] : (given as Iterable<Built>);
}
