import { type Declaration, provenanceKeysOf, type SourceChangePolicy } from "./declaration.ts";

/** Returns the policy of the definition, or else of the environment. */
export function sourcePolicyOf({ onSourceChange }: Declaration): SourceChangePolicy {
  const policy = onSourceChange ?? process.env.PERSISTABLE_ON_SOURCE_CHANGE;
  return policy === "regenerate" || policy === "error" || policy === "ignore" ? policy : "warn";
}

/** Whether an artifact was made by other source than today's, and may not simply be loaded. */
export function isRefusedSource(declaration: Declaration, recorded: string | undefined): boolean {
  if (recorded === undefined || recorded === provenanceKeysOf(declaration).source) return false;
  const policy = sourcePolicyOf(declaration);
  return policy === "regenerate" || policy === "error";
}
