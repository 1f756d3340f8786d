import type { Logger } from "../../events/logger.ts";

/** What every hook is handed. */
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

/** What a generator is handed. */
export interface GenerateContext<Params, Dependencies> extends HookContext<Params, Dependencies> {
  /**
   * Tell how far it is: an event, which displays draw as a bar.
   *
   * @param total - what `done` will be at the end, where that is known
   * @param note - a few words: `epoch 3, loss 0.12`
   */
  progress(done: number, total?: number, note?: string): void;
  /** Add to what this generation costs, by unit: `cost({ usd: 0.02, tokens: 1800 })`. Summed up, recorded in the provenance, and reported by runs. */
  cost(spent: Readonly<Record<string, number>>): void;
  /**
   * For random number generators: an integer from 0 to 2^32 - 1, derived from draw and tracked params, its own and those upstream, and never from a name or a version; so
   * renaming changes no result. Recorded where it was read.
   */
  readonly seed: number;
  /** The absolute path of an empty folder for scratch files: made when it is first read, removed with everything in it when the generator is through. */
  readonly workDir: string;
}

/** The hooks of one persistable, whichever way it was declared: the persistable itself, seen from inside. */
export interface Hooks {
  generatePayload(context: GenerateContext<unknown, unknown>): unknown;
  validatePayload(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  summarizePayload(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postLoad(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postGenerate(payload: unknown, context: HookContext<unknown, unknown>): unknown;
}
