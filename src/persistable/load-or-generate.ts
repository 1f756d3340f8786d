import { SingleFlight } from "../util/concurrency/single-flight.ts";
import { lazyPart } from "../util/peers/load-part.ts";
import type { InternalCallOptions } from "./context/call-context.ts";
import { throwIfRefused } from "./context/refusals.ts";
import { noteAsked } from "./declare/asking-generator.ts";
import type { State } from "./declare/state.ts";
import { acceptLoaded, startHit } from "./load/accept-payload.ts";
import { type Found, findArtifact, type Miss } from "./load/find-artifact.ts";
import { findFresh } from "./load/find-fresh.ts";
import { heldPayload } from "./load/hold-payload.ts";
import type { Obtained } from "./produce/complete-payload.ts";

const producePayloadPart = lazyPart(() => import("./produce/produce-payload.ts"));
const pendingPayloadPart = lazyPart(() => import("./produce/pending-payload.ts"));
const waitGraphPart = lazyPart(() => import("./context/wait-graph.ts"));

/**
 * Returns the payload; newcomers best begin to read here. It is the one held in memory, or else it
 * is loaded from the store, or else it is generated, once for all callers that ask at the same
 * time.
 */
export function payloadOf(state: State): Promise<unknown> {
  noteAsked(state);
  // What may expire is judged each time.
  const held = state.declaration.maxAge === undefined ? heldPayload(state) : undefined;
  if (held instanceof Promise) return held.then(({ value }) => value);
  if (held !== undefined) return Promise.resolve(held.value);
  return loadOrGenerate(state, {});
}

/**
 * Loads the artifact, or generates it once if it is missing or damaged. If the store can read
 * synchronously, the artifact is read before this returns its promise.
 */
export function loadOrGenerate(state: State, options: InternalCallOptions): Promise<unknown> {
  try {
    options.signal?.throwIfAborted();
    noteAsked(state);
    throwIfRefused(state);
    const startedMs = startHit(state);
    const found = findFresh(state, options);
    if (found instanceof Promise || found.state !== "present")
      return timed(state, settle(state, found, options, startedMs)).then(({ payload }) => payload);
    return Promise.resolve(acceptLoaded(state, found, options, startedMs));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function settle(
  state: State,
  finding: Found | Promise<Found>,
  options: InternalCallOptions,
  startedMs: number,
): Promise<Obtained> {
  const found = await finding;
  if (found.state === "present") {
    if (found.isStale === true) void revalidate(state, options);
    return { payload: await acceptLoaded(state, found, options, startedMs) };
  }
  return produceOnce(state, found, options);
}

/** Generates a stale artifact again. A failure is emitted, and the stale artifact stays. */
async function revalidate(state: State, { untracked, maxAge }: InternalCallOptions): Promise<void> {
  const options = { untracked, maxAge, staleWhileRevalidate: 0 };
  try {
    await settle(state, findFresh(state, options), options, startHit(state));
  } catch {
    // No caller waits for it. The next call tries again.
  }
}

const flights = new SingleFlight<Obtained>();

/** All callers in this process that miss the same artifact wait for the same work. */
async function produceOnce(state: State, miss: Miss, options: InternalCallOptions): Promise<Obtained> {
  // Only a miss needs the part of the library that generates.
  const [{ producePayload }, { adoptPending }, { titleOf, waitFor, workKeyOf }] = await Promise.all([
    producePayloadPart(),
    pendingPayloadPart(),
    waitGraphPart(),
  ]);
  const key = workKeyOf(state);
  let isLeader = false;
  const obtained = await waitFor(key, titleOf(state), () => {
    const flight = flights.run(key, options.signal, (signal) => producePayload(state, miss, { ...options, signal }));
    isLeader = flight.isLeader;
    return flight.promise.catch((error: unknown) => {
      adoptPending(state, error);
      throw error;
    });
  });
  if (isLeader) return obtained;
  if (obtained.share !== undefined) return { payload: await obtained.share() };
  // What this object holds may be the stale payload.
  const held = miss.state === "stale" ? undefined : await heldPayload(state);
  if (held !== undefined) return { payload: held.value };
  // The work was done for another persistable object: this one loads its own payload. It was made
  // just now, so it is not judged again.
  return settle(state, findArtifact(state, options.signal), options, startHit(state));
}

/**
 * Adds the time that this takes to `busyMs`, so that a dependent which waits for it can leave that
 * time out of its own duration.
 */
async function timed(state: State, work: Promise<Obtained>): Promise<Obtained> {
  const startedMs = performance.now();
  try {
    return await work;
  } finally {
    state.busyMs += performance.now() - startedMs;
  }
}
