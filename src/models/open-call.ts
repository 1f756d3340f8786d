import { describeMiss } from "../artifact/explain/miss.ts";
import { messageOf } from "../errors/error-kind.ts";
import { CredentialInParamsError, UnsupportedValueError } from "../errors/params-errors.ts";
import type { PersistableError } from "../errors/persistable-error.ts";
import { NotPersistedError } from "../errors/persistable-errors.ts";
import { RecordTooLargeError } from "../errors/record-errors.ts";
import { assertNoCredentials } from "../params/credentials.ts";
import { noteAsked } from "../persistable/declare/asking-generator.ts";
import { type State, stateKey } from "../persistable/declare/state.ts";
import { acceptLoaded, startHit } from "../persistable/load/accept-payload.ts";
import { type FoundArtifact, findArtifact } from "../persistable/load/find-artifact.ts";
import { loadOrGenerate } from "../persistable/load-or-generate.ts";
import type { Persistable, PersistableOptions } from "../persistable/persistable.ts";
import type { BuildPersistable } from "../persistable/untyped-definition.ts";
import { fieldsOf } from "../util/fields-of.ts";
import type { LiveCall } from "./call-definition.ts";
import { currentDraws } from "./draws.ts";
import type { ModelCall } from "./model.ts";
import { type CallMode, checkDraw, checkMode } from "./model-options.ts";

/** The part of a result that says where the answer came from. */
export interface CallMark {
  /** From the store, from another call that was under way, or by the model. */
  readonly source: "store" | "flight" | "model";
  readonly name: string;
  readonly address: string;
  readonly draw: number;
  /** When a stored answer was made, ISO 8601 in UTC. */
  readonly createdAt?: string | undefined;
  /** The cost of the answer when it was generated: its tokens, and USD if the prices are known. */
  readonly cost?: Readonly<Record<string, number>> | undefined;
  /** Why the answer was not kept, if it was not. */
  readonly unkept?: string | undefined;
}

/** One call of a model, with the persistable behind it. */
export class OpenCall {
  readonly persistable: Persistable;
  readonly live: LiveCall;
  readonly #params: Readonly<Record<string, unknown>>;
  readonly #draw: number;
  readonly #giveBack: () => void;
  #making: FoundArtifact["making"];

  /**
   * @param own - the draw that the call itself asks for
   * @throws {@link UnsupportedValueError} for a call with a value that a recipe cannot hold
   */
  constructor(
    definition: BuildPersistable,
    params: Readonly<Record<string, unknown>>,
    live: LiveCall,
    options: PersistableOptions,
    own?: unknown,
  ) {
    this.live = live;
    this.#params = params;
    const { dataDir, logger, log, verbose, onEvent } = options;
    const liveValues = { self: live, parts: [] };
    const build = (draw: number): Persistable =>
      definition(params, { dataDir, logger, log, verbose, onEvent, draw, liveValues });
    const draws = own === undefined ? currentDraws() : undefined;
    if (draws === undefined) {
      this.#draw = own === undefined ? (options.draw ?? live.drawOfGenerator ?? 0) : checkDraw(own);
      this.persistable = build(this.#draw);
      this.#giveBack = () => {};
      return;
    }
    const first = build(0);
    const key = first.address;
    this.#draw = draws.take(key);
    this.persistable = this.#draw === 0 ? first : build(this.#draw);
    this.#giveBack = () => draws.giveBack(key, this.#draw);
  }

  get state(): State {
    return this.persistable[stateKey];
  }

  /** The stored answer, if there is one. */
  async find(signal: AbortSignal | undefined): Promise<{ readonly payload: unknown } | undefined> {
    signal?.throwIfAborted();
    const { state } = this;
    noteAsked(state);
    const startedMs = startHit(state);
    const found = await findArtifact(state, signal, undefined, "making");
    if (found.state !== "present") return undefined;
    this.#making = found.making;
    return { payload: await acceptLoaded(state, found, { signal }, startedMs) };
  }

  /** @throws {@link NotPersistedError} that says what differs from the nearest answer */
  async refuseMiss(): Promise<never> {
    const explanation = await this.persistable.explain();
    const { name, address, state } = { ...this.#place(), state: this.state };
    const reason = explanation.state === "miss" ? explanation.reason : ({ kind: "never-generated" } as const);
    throw new NotPersistedError(
      name,
      address,
      reason,
      describeMiss(reason),
      state.surroundings.store.url,
      'The model was not asked, since mode is "replay". Record the answer with mode: "auto".',
    );
  }

  /**
   * Looks for credentials in the call before its text gets into a record.
   *
   * @throws {@link CredentialInParamsError}
   */
  refuseCredentials(): void {
    assertNoCredentials(this.#params, { root: "call" });
  }

  /**
   * Gets the answer, from the model or from the same call under way. An answer that could only not
   * be stored is returned. If the call fails, the next attempt uses its draw.
   */
  async obtain(signal: AbortSignal | undefined, isRefreshing = false): Promise<unknown> {
    try {
      return await (isRefreshing ? this.persistable.generate({ signal }) : loadOrGenerate(this.state, { signal }));
    } catch (error) {
      const paid = paidAnswer(error, this.live);
      if (paid !== undefined) return paid;
      this.#giveBack();
      throw error;
    }
  }

  mark(source: "store" | "other"): CallMark {
    const { hasAsked, why, cost } = this.live;
    const unkept = why === undefined ? {} : { unkept: why };
    if (source === "store") return { source, ...this.#place(), ...makingOf(this.#making) };
    const spent = cost === undefined ? {} : { cost };
    return { source: hasAsked ? "model" : "flight", ...this.#place(), ...spent, ...unkept };
  }

  #place(): { readonly name: string; readonly address: string; readonly draw: number } {
    const { name, address } = this.persistable;
    return { name, address, draw: this.#draw };
  }
}

function makingOf(making: FoundArtifact["making"]): Pick<CallMark, "createdAt" | "cost"> {
  if (making === undefined) return {};
  const { createdAt, cost } = making;
  return { createdAt, ...(cost === undefined ? {} : { cost }) };
}

/** Returns the answer of the model if only storing it has failed: the caller has paid for it. */
function paidAnswer(error: unknown, live: LiveCall): unknown {
  if (!live.hasAsked || typeof error !== "object" || error === null || !("payload" in error)) return undefined;
  if (error.payload === undefined) return undefined;
  live.why = messageOf(error);
  process.emitWarning(`An answer of a model is not persisted: ${live.why}`, "PersistableWarning");
  return error.payload;
}

/** Returns the options of one call that are meant for this library. */
export function ownOptionsOf({ providerOptions }: ModelCall): Readonly<Record<string, unknown>> {
  return fieldsOf(providerOptions?.persistable);
}

export function modeOf(call: ModelCall, mode: CallMode = "auto"): CallMode {
  const own = ownOptionsOf(call).mode;
  return own === undefined ? mode : checkMode(own);
}

/** Whether a call failed because no record can hold it, and not because of the model. */
export function isUnpersistable(error: unknown): error is PersistableError {
  return (
    error instanceof UnsupportedValueError ||
    error instanceof CredentialInParamsError ||
    error instanceof RecordTooLargeError
  );
}
