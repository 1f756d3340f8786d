import { SingleFlight } from "../util/concurrency/single-flight.ts";
import { loadPart } from "../util/peers/load-part.ts";
import type { InternalCallOptions } from "./context/call-context.ts";
import { throwIfRefused } from "./context/refusals.ts";
import type { State } from "./declare/state.ts";
import { acceptLoaded, startHit } from "./load/accept-payload.ts";
import { type Found, findArtifact } from "./load/find-artifact.ts";
import { heldPayload } from "./load/hold-payload.ts";
import type { Obtained } from "./produce/complete-payload.ts";

/**
 * The way of the data, where a newcomer starts: what is held in memory, or else the artifact in the store, or else
 * the generator, once for everybody who asks.
 */
export function payloadOf(state: State): Promise<unknown> {
  const held = heldPayload(state);
  if (held instanceof Promise) return held.then(({ value }) => value);
  if (held !== undefined) return Promise.resolve(held.value);
  return loadOrGenerate(state, {});
}

/** Load the artifact, or generate it once where it is missing or damaged. Synchronous up to the returned promise where the store can be. */
export function loadOrGenerate(state: State, options: InternalCallOptions): Promise<unknown> {
  try {
    options.signal?.throwIfAborted();
    throwIfRefused(state);
    const startedMs = startHit(state);
    const found = findArtifact(state, options.signal);
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
  if (found.state === "present") return { payload: await acceptLoaded(state, found, options, startedMs) };
  return produceOnce(state, found, options);
}

const flights = new SingleFlight<Obtained>();

/** Everybody in this process who misses the same artifact waits for the same work. */
async function produceOnce(
  state: State,
  miss: Exclude<Found, { state: "present" }>,
  options: InternalCallOptions,
): Promise<Obtained> {
  // Only a miss needs the generating half of the library.
  const [{ producePayload }, { adoptPending }, { titleOf, waitFor, workKeyOf }] = await Promise.all([
    loadPart(() => import("./produce/produce-payload.ts")),
    loadPart(() => import("./produce/pending-payload.ts")),
    loadPart(() => import("./context/wait-graph.ts")),
  ]);
  const key = workKeyOf(state);
  let isLeader = false;
  const obtained = await waitFor(key, titleOf(state), () => {
    const flight = flights.run(key, options.signal, (signal) => producePayload(state, miss, options, signal));
    isLeader = flight.isLeader;
    return flight.promise.catch((error: unknown) => {
      adoptPending(state, error);
      throw error;
    });
  });
  if (isLeader) return obtained;
  const held = await heldPayload(state);
  if (held !== undefined) return { payload: held.value };
  // Another persistable object did it: this one loads its own.
  return settle(state, findArtifact(state, options.signal), options, startHit(state));
}

/** The time that a dependent spends on waiting for this payload is not its own. */
async function timed(state: State, work: Promise<Obtained>): Promise<Obtained> {
  const startedMs = performance.now();
  try {
    return await work;
  } finally {
    state.busyMs += performance.now() - startedMs;
  }
}
