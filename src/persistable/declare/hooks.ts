import type { Logger } from "../../events/logger.ts";

/** The context that every hook gets. */
export interface HookContext<Params, Dependencies> {
  /** Own params, defaults filled in; frozen. */
  readonly params: Params;
  /**
   * Upstream persistables by role. Their payloads are not loaded before
   * `await dependencies.role.payload`.
   */
  readonly dependencies: Dependencies;
  /**
   * Values of this one call, outside the recipe:
   * `loadOrGenerate({ untracked: { verbose: true } })`.
   */
  readonly untracked: Readonly<Record<string, unknown>>;
  /** Aborted when no caller waits for the payload any more. */
  readonly signal: AbortSignal;
  /** Writes to the persistable's log. */
  readonly log: Logger;
}

/** The context that a generator gets. */
export interface GenerateContext<Params, Dependencies> extends HookContext<Params, Dependencies> {
  /**
   * Tells how far the generator is. This emits an event, which displays show as a bar.
   *
   * @param total - the value that `done` will have at the end, if it is known
   * @param note - a few words: `epoch 3, loss 0.12`
   */
  progress(done: number, total?: number, note?: string): void;
  /**
   * Adds to the cost of this generation, by unit: `cost({ usd: 0.02, tokens: 1800 })`. The sums are
   * recorded in the provenance and reported by runs.
   */
  cost(spent: Readonly<Record<string, number>>): void;
  /**
   * `keep(false, why)` hands the payload to all callers that wait for it in this process, and
   * publishes nothing: the next caller generates again. It may be called until the generator has
   * ended, or its stream; the last call counts.
   */
  keep(isKept: boolean, why?: string): void;
  /**
   * The seed for random number generators: an integer from 0 to 2^32 - 1. It is derived from the
   * draw and the tracked params, here and upstream, and never from a name or a version, so that
   * renaming changes no payload. It is recorded if the generator reads it.
   */
  readonly seed: number;
  /**
   * The absolute path of an empty folder for scratch files. It is made when it is first read, and
   * removed with all its files when the generator has ended.
   */
  readonly workDir: string;
}

/**
 * The hooks of one persistable. They are methods of the persistable itself, whether it was declared
 * by a class or by `definePersistable`.
 */
export interface Hooks {
  generatePayload(context: GenerateContext<unknown, unknown>): unknown;
  validatePayload(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  summarizePayload(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postLoad(payload: unknown, context: HookContext<unknown, unknown>): unknown;
  postGenerate(payload: unknown, context: HookContext<unknown, unknown>): unknown;
}

/**
 * The payload that a hook gets. If it could not be inferred, its type has a name that says what to
 * do: the compiler shows it in its errors, and an editor where the pointer rests on the payload.
 */
export type HookPayload<Payload> = unknown extends Payload
  ? 0 extends Payload & 1
    ? Payload
    : WriteGenerateBeforeTheHooks | null | undefined
  : NoInfer<Payload>;

/**
 * Every value but null and undefined, as `{}`: a payload that is meant to be unknown can be
 * narrowed as ever.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is `{}` by a name that the compiler shows
interface WriteGenerateBeforeTheHooks {}
