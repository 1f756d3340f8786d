import type { Logger } from "../events/logger.ts";

/** What a generator and every other hook is handed. */
export interface HookContext<Params, Dependencies> {
  /** Own params, defaults filled in; frozen. */
  readonly params: Params;
  /** Upstream persistables by role. Nothing of theirs is loaded before `await dependencies.role.payload`. */
  readonly dependencies: Dependencies;
  /** Values of this one call that are outside the recipe: `loadOrGenerate({ untracked: { verbose: true } })`. */
  readonly untracked: Readonly<Record<string, unknown>>;
  /** Aborted when nobody waits for the payload any more. */
  readonly signal: AbortSignal;
  /** Writes to the persistable's log. */
  readonly log: Logger;
}

/** The hooks of one persistable, whichever way it was declared: the persistable itself, seen from inside. */
export interface Hooks {
  generatePayload(context: HookContext<unknown, unknown>): unknown;
  validatePayload(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postLoad(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postGenerate(payload: unknown, context: HookContext<unknown, unknown>): unknown;
}
