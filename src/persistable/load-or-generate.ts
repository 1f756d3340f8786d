import { SingleFlight } from "../util/concurrency/single-flight.ts";
import { loadPart } from "../util/peers/load-part.ts";
import type { InternalCallOptions } from "./context/call-context.ts";
import type { State } from "./declare/state.ts";
import { acceptLoaded, startHit } from "./load/accept-payload.ts";
import { type Found, findArtifact } from "./load/find-artifact.ts";
import { heldPayload } from "./load/hold-payload.ts";

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
    if (state.control?.refusal !== undefined) throw state.control.refusal;
    const startedMs = startHit(state);
    const found = findArtifact(state, options.signal);
    if (found instanceof Promise) return timed(state, settle(state, found, options, startedMs));
    if (found.state === "present") return Promise.resolve(acceptLoaded(state, found, options, startedMs));
    return timed(state, produceOnce(state, found, options));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function settle(
  state: State,
  finding: Promise<Found>,
  options: InternalCallOptions,
  startedMs: number,
): Promise<unknown> {
  const found = await finding;
  if (found.state === "present") return acceptLoaded(state, found, options, startedMs);
  return produceOnce(state, found, options);
}

const flights = new SingleFlight<{ readonly payload: unknown }>();

/** Everybody in this process who misses the same artifact waits for the same work. */
async function produceOnce(
  state: State,
  miss: Exclude<Found, { state: "present" }>,
  options: InternalCallOptions,
): Promise<unknown> {
  // Only a miss needs the generating half of the library.
  const [{ producePayload }, { adoptPending }, { titleOf, waitFor, workKeyOf }] = await Promise.all([
    loadPart(() => import("./produce/produce-payload.ts")),
    loadPart(() => import("./produce/pending-payload.ts")),
    loadPart(() => import("./context/wait-graph.ts")),
  ]);
  const key = workKeyOf(state);
  let isLeader = false;
  const { payload } = await waitFor(key, titleOf(state), () => {
    const flight = flights.run(key, options.signal, (signal) => producePayload(state, miss, options, signal));
    isLeader = flight.isLeader;
    return flight.promise.catch((error: unknown) => {
      adoptPending(state, error);
      throw error;
    });
  });
  if (isLeader) return payload;
  const held = await heldPayload(state);
  if (held !== undefined) return held.value;
  // Another persistable object did it: this one loads its own.
  const startedMs = startHit(state);
  const found = await findArtifact(state, options.signal);
  return found.state === "present"
    ? acceptLoaded(state, found, options, startedMs)
    : produceOnce(state, found, options);
}

/** The time that a dependent spends on waiting for this payload is not its own. */
async function timed(state: State, work: Promise<unknown>): Promise<unknown> {
  const startedMs = performance.now();
  try {
    return await work;
  } finally {
    state.busyMs += performance.now() - startedMs;
  }
}
