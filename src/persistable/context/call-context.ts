import type { ToldEvent } from "../../events/event.ts";
import type { Logger } from "../../events/logger.ts";
import type { HookContext } from "../declare/hooks.ts";
import { paramsOf } from "../declare/params-of.ts";
import type { State } from "../declare/state.ts";
import { loggerOf } from "../log/emit-event.ts";
import { joinSecrets, secretsIn } from "../secrets/secrets-in.ts";

/** The options of `load`, `loadOrGenerate` and `generate`. */
export interface CallOptions {
  /** Values for the hooks that are recorded, and not part of the recipe. */
  readonly untracked?: Readonly<Record<string, unknown>> | undefined;
  /** Ends the call: it rejects with the reason of the signal. None by default. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Keeps a loaded payload that is invalid, with a warning, instead of throwing; `false` by
   * default.
   */
  readonly warnIfInvalid?: boolean | undefined;
  /** The age from which the artifact has expired for this call, in milliseconds. */
  readonly maxAge?: number | undefined;
  /** For this call; see {@link DeclarationOptions}. */
  readonly staleWhileRevalidate?: number | undefined;
  /** Generates the payload again, once for all callers that ask for that at the same time. */
  readonly refresh?: boolean | undefined;
}

/** The options that only this library passes. */
export interface InternalCallOptions extends CallOptions {
  /** Gets the stream of a stream payload, and returns the stream that is stored instead. */
  readonly tap?: ((payload: unknown) => unknown) | undefined;
  readonly supervisor?: Supervisor | undefined;
  /** When the stale artifact was made. An artifact with another time has replaced it since. */
  readonly staleSince?: string | undefined;
}

/** The time, cost and size of one generation. */
export interface Generation {
  /** The time that the generator took, without the time that it waited for dependencies. */
  readonly durationMs: number;
  readonly cost: Readonly<Record<string, number>> | undefined;
  /** `undefined` for a payload that is held in memory only. */
  readonly sizeBytes: number | undefined;
}

/** A run, as the calls that it makes see it. */
export interface Supervisor {
  /**
   * Called with each event of this call, without secrets. A miss is not among them, since a plan
   * has told the run of it.
   */
  readonly onEvent: (event: ToldEvent) => void;
  /** Whether the log says why the payload is missing, which is found out from other records. */
  readonly mentionsMisses: boolean;
  /**
   * Called when the payload was generated and published, before `postGenerate`, which may still
   * fail.
   */
  onGenerated(generation: Generation): void;
  /** Called when another process generates the payload, and this call waits for it. */
  onWaiting(): void;
  /**
   * Calls `generate` as soon as the run has room for it. The call holds the lease already, and
   * keeps it while it waits.
   */
  whenReady<Result>(generate: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result>;
}

/** Makes the context that hooks get. */
export function contextOf(state: State, { untracked, signal }: CallOptions): HookContext<unknown, unknown> {
  return new CallContext(state, untracked, signal);
}

const NOTHING_UNTRACKED: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * This is a class because every hit makes one, and an object literal with getters is slow to make.
 */
export class CallContext implements HookContext<unknown, unknown> {
  readonly dependencies: unknown;
  readonly untracked: Readonly<Record<string, unknown>>;
  readonly #state: State;
  #signal: AbortSignal | undefined;

  constructor(state: State, untracked: Readonly<Record<string, unknown>> | undefined, signal: AbortSignal | undefined) {
    this.#state = state;
    this.dependencies = state.dependencies;
    this.untracked = untracked ?? NOTHING_UNTRACKED;
    this.#signal = signal;
    if (untracked !== undefined) state.secrets = joinSecrets(state.secrets, secretsIn(untracked));
  }

  get params(): unknown {
    return paramsOf(this.#state);
  }

  get signal(): AbortSignal {
    // A call without a signal gets its own: on a shared one, listeners would pile up.
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }

  get log(): Logger {
    return loggerOf(this.#state);
  }
}
