import { AsyncLocalStorage } from "node:async_hooks";
import type { SourceChangePolicy } from "../declare/declaration.ts";
import { setPolicyOfWork } from "../declare/source-policy.ts";

const current = new AsyncLocalStorage<SourceChangePolicy>();

/**
 * Does `work` under a policy that comes before those of the definitions. This holds for all that
 * the work calls: the generators in it do not know of the run that has the policy.
 */
export function withSourcePolicy<Result>(policy: SourceChangePolicy | undefined, work: () => Result): Result {
  if (policy === undefined) return work();
  setPolicyOfWork(workSourcePolicy);
  return current.run(policy, work);
}

/** Returns the policy of the work around this call, if it has one. */
export function workSourcePolicy(): SourceChangePolicy | undefined {
  return current.getStore();
}
