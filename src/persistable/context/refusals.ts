import type { AsyncLocalStorage } from "node:async_hooks";
import type { State } from "../declare/state.ts";

/** Returns the error that a call for this payload gets instead of it, if there is one. */
export type Refuse = (state: State) => Error | undefined;

let current: AsyncLocalStorage<Refuse> | undefined;

/**
 * Does `work`, which gets an error instead of each payload that `refuse` names. This holds for all
 * that the work calls: the generators in it do not know of the run that refuses.
 */
export function withRefusals<Result>(refuse: Refuse, work: () => Result): Result {
  current ??= new (process.getBuiltinModule("node:async_hooks").AsyncLocalStorage)();
  return current.run(refuse, work);
}

/** @throws the error that the work around this call is to get instead of this payload. */
export function throwIfRefused(state: State): void {
  const refusal = current?.getStore()?.(state);
  if (refusal !== undefined) throw refusal;
}
