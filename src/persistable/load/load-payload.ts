import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { NotPersistedError } from "../../errors/persistable-errors.ts";
import { certainStore } from "../../store/certain-store.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { CallOptions } from "../context/call-context.ts";
import { noteAsked } from "../declare/asking-generator.ts";
import type { State } from "../declare/state.ts";
import { emitPlain } from "../log/emit-event.ts";
import { acceptLoaded, startHit } from "./accept-payload.ts";
import type { Miss, StaleArtifact } from "./find-artifact.ts";
import { findFresh } from "./find-fresh.ts";

const emitNowPart = lazyPart(() => import("../log/emit-now.ts"));
const explainMissPart = lazyPart(() => import("../../catalog/nearest/explain-miss.ts"));
const missPart = lazyPart(() => import("../../artifact/explain/miss.ts"));

/**
 * Loads the artifact, or throws an error that says why there is none.
 *
 * @throws {@link NotPersistedError} with the reason, {@link CorruptArtifactError},
 * {@link InvalidPayloadError}
 */
export async function loadPayload(state: State, options: CallOptions): Promise<unknown> {
  options.signal?.throwIfAborted();
  noteAsked(state);
  if (state.surroundings.hasListener) emitPlain(state, { type: "loading" });
  const startedMs = startHit(state);
  const found = await findFresh(state, { ...options, refresh: false }, certainStore(state.surroundings.store));
  if (found.state === "present") return acceptLoaded(state, found, options, startedMs);
  throw await missError(state, found, options.signal);
}

async function missError(state: State, miss: Miss, signal: AbortSignal | undefined): Promise<Error> {
  const { name, address } = state.recipe;
  const store = state.surroundings.store;
  if (miss.state === "damaged") {
    const { failure } = miss;
    const { emitNow } = await emitNowPart();
    emitNow(state, { type: "corrupt", file: miss.file, problem: miss.problem });
    return new CorruptArtifactError(name, address, miss.file, miss.problem, failure && { cause: failure });
  }
  if (miss.state === "stale") return staleError(state, miss);
  const [{ mentionMiss }, { describeMiss }] = await Promise.all([explainMissPart(), missPart()]);
  // The cost of this error must not grow with the number of artifacts; `explain()` compares more.
  const reason = await mentionMiss(store, state.recipe, signal);
  return new NotPersistedError(name, address, reason, describeMiss(reason), store.url);
}

async function staleError({ recipe, surroundings }: State, { reason }: StaleArtifact): Promise<Error> {
  const { describeMiss } = await missPart();
  const { name, address } = recipe;
  return new NotPersistedError(name, address, reason, describeMiss(reason), surroundings.store.url);
}
