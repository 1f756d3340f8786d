import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { Declaration, SourceChangePolicy } from "./declaration.ts";

let ofWork: (() => SourceChangePolicy | undefined) | undefined;

/** Sets the function that returns the policy of the work around a call, such as a run. */
export function setPolicyOfWork(ask: () => SourceChangePolicy | undefined): void {
  ofWork = ask;
}

/**
 * Returns the policy of the work around this call, or else of the definition, or else of the
 * environment.
 *
 * @throws {@link DefinitionError} if the environment names a policy that does not exist
 */
export function sourcePolicyOf({ onSourceChange }: Declaration): SourceChangePolicy {
  const policy = ofWork?.() ?? onSourceChange ?? process.env.PERSISTABLE_ON_SOURCE_CHANGE;
  if (policy === undefined || policy === "") return "warn";
  if (isSourcePolicy(policy)) return policy;
  throw new DefinitionError(
    `onSourceChange is ${JSON.stringify(policy)}. Give "warn", "regenerate", "error" or "ignore".`,
  );
}

/** Whether the value is one of the policies. */
export function isSourcePolicy(value: unknown): value is SourceChangePolicy {
  return value === "warn" || value === "regenerate" || value === "error" || value === "ignore";
}

/** Whether an artifact that was made by another source than today's must not simply be loaded. */
export function refusesOtherSource(declaration: Declaration): boolean {
  const policy = sourcePolicyOf(declaration);
  return policy === "regenerate" || policy === "error";
}

/** Whether an artifact was made by another source than today's and must not simply be loaded. */
export function isRefusedSource(declaration: Declaration, recorded: string | undefined, current: string): boolean {
  return recorded !== undefined && recorded !== current && refusesOtherSource(declaration);
}
