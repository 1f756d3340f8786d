import { isPromise } from "../../util/is-promise.ts";
import { loadPart } from "../../util/peers/load-part.ts";
import { type CallOptions, contextOf } from "../context/call-context.ts";
import { provenanceKeysOf } from "../declare/declaration.ts";
import type { HookContext } from "../declare/hooks.ts";
import type { Pending, State } from "../declare/state.ts";
import { emitPlain } from "../log/emit-event.ts";
import type { FoundArtifact } from "./find-artifact.ts";
import { holdPersisted } from "./hold-payload.ts";

/** When a hit began, as far as anybody will be told: `performance` takes a new process a millisecond to load. */
export function startHit(state: State): number {
  return state.surroundings.hasListener ? performance.now() : 0;
}

/** Take over a payload that was loaded: validate it, hold it, tell of it. The earlier payload stays where it is invalid. */
export function acceptLoaded(state: State, hit: FoundArtifact, options: CallOptions, startedMs: number): unknown {
  const { payload } = hit;
  const context = contextOf(state, options);
  const validated = validateLoaded(state, payload, context, options);
  if (validated !== undefined) return validated.then(() => settleLoaded(state, hit, context, startedMs));
  return settleLoaded(state, hit, context, startedMs);
}

function settleLoaded(
  state: State,
  hit: FoundArtifact,
  context: HookContext<unknown, unknown>,
  startedMs: number,
): unknown {
  const { payload } = hit;
  holdPersisted(state, payload);
  if (state.surroundings.hasListener) {
    emitPlain(state, {
      type: "hit",
      durationMs: performance.now() - startedMs,
      ...(hit.variant === undefined ? {} : { alias: hit.variant.name }),
    });
  }
  const noted = hit.source === undefined ? undefined : noteSource(state, hit.source);
  const dropped = state.pending === undefined ? undefined : dropPending(state, state.pending);
  const after = state.hooks.postLoad(payload, context);
  if (noted !== undefined || dropped !== undefined || isPromise(after))
    return Promise.all([after, noted, dropped])
      .then(() => state.logging)
      .then(() => payload);
  return state.logging === undefined ? payload : state.logging.then(() => payload);
}

/** What another writer has published stands; only what was to take its place stays pending. */
function dropPending(state: State, pending: Pending): Promise<void> | undefined {
  if (pending.isReplacing) return undefined;
  state.pending = undefined;
  return pending.drop();
}

function validateLoaded(
  state: State,
  payload: unknown,
  context: HookContext<unknown, unknown>,
  options: CallOptions,
): Promise<void> | undefined {
  const onInvalid = async (error: unknown): Promise<void> => {
    const { invalidPayload, warnOfInvalid } = await loadPart(() => import("./invalid-payload.ts"));
    if (options.warnIfInvalid !== true) throw invalidPayload(state, error, payload);
    warnOfInvalid(state, error, payload);
  };
  try {
    const result = state.hooks.validatePayload(payload, context);
    return isPromise(result) ? result.then(() => {}, onInvalid) : undefined;
  } catch (error) {
    return onInvalid(error);
  }
}

const told = new Set<string>();

/** Said once for each generator and process: the artifact is good, and yet today's code might make another one. */
function noteSource(state: State, recorded: string): Promise<void> | undefined {
  const { source } = provenanceKeysOf(state.declaration);
  if (source === recorded || told.has(`${state.recipe.name} ${recorded}`)) return undefined;
  told.add(`${state.recipe.name} ${recorded}`);
  return loadPart(() => import("./emit-source-changed.ts")).then(({ emitSourceChanged }) =>
    emitSourceChanged(state, recorded),
  );
}
