import { artifactFolder } from "../../artifact/layout/record-path.ts";
import { acquireLease, type LeaseOwner } from "../../artifact/lease/lease.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store } from "../../store/store.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import { isAnonymous } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { acceptLoaded, startHit } from "../load/accept-payload.ts";
import type { Miss } from "../load/find-artifact.ts";
import { findFresh } from "../load/find-fresh.ts";
import { emitNow } from "../log/emit-now.ts";
import { completePayload, emitFailed, failureOf, type Obtained } from "./complete-payload.ts";
import { runGenerator } from "./generate-payload.ts";
import { damageError, emitMiss, hasAppeared, refusalOf, setAside } from "./miss.ts";
import { ownPending, type PendingPayload, pendingOf } from "./pending-payload.ts";
import { rememberFailure, throwRemembered } from "./remembered-failures.ts";

/**
 * The signal is that of all callers who wait for the payload: it is aborted when the last one
 * leaves.
 */
interface ProduceOptions extends InternalCallOptions {
  readonly signal: AbortSignal;
}

/**
 * Gets a payload that is missing: this process generates it, or loads it as soon as another one has
 * generated it. With the lease in hand, it looks again before generating, since the owner before
 * may have finished.
 */
export async function producePayload(state: State, first: Miss, options: ProduceOptions): Promise<Obtained> {
  try {
    return await produce(state, first, options);
  } catch (error) {
    // The error may come from the lease, too: a full store cannot take a claim either.
    throw await failureOf(ownPending(state), error, options.signal);
  }
}

async function produce(state: State, first: Miss, options: ProduceOptions): Promise<Obtained> {
  throwRemembered(state, options);
  if (options.supervisor?.mentionsMisses !== false) await emitMiss(state, first);
  let miss = first;
  const { store } = state.surroundings;
  // Whatever was made since then is fresh, even where a caller asks for a refreshed payload.
  const staleSince = first.state === "stale" ? first.createdAt : "";
  const fresh = { ...options, staleSince, staleWhileRevalidate: 0 };
  const { signal, supervisor } = options;
  /**
   * Set when the payload generated here was given up for an artifact that was there already. It
   * says how that artifact was seen before: as missing or as damaged.
   */
  let yieldedTo: Miss["state"] | undefined;
  for (;;) {
    const lease = await acquireLease(state.surroundings.store, state.recipe.address, {
      signal,
      watchFolder: artifactFolder(state.recipe.name),
      isAnonymous: isAnonymous(state.declaration),
      isDone: () => hasAppeared(state, miss),
      onWaiting: (owner) => {
        supervisor?.onWaiting();
        emitNow(state, { type: "waiting", owner: describeOwner(owner) }, supervisor?.onEvent);
      },
      onTakeover: (owner, silentMs) =>
        emitNow(
          state,
          { type: "takeover", owner: describeOwner(owner), ...(silentMs === undefined ? {} : { silentMs }) },
          supervisor?.onEvent,
        ),
    }).catch(async (error: unknown) => {
      throw await refusalOf(state, miss, error);
    });
    try {
      const startedMs = startHit(state);
      const found = await findFresh(state, fresh, yieldedTo === undefined ? store : storeAfterYielding(store));
      if (found.state === "present") return { payload: await acceptLoaded(state, found, options, startedMs) };
      miss = found;
      if (lease === undefined) continue;
      // If it cannot be set aside, another process has replaced it since it was judged: look again.
      if (found.state === "damaged") {
        if (!(await setAside(state, found, options))) continue;
        // The damaged artifact no longer hides the one that another layer of the store may have.
        const behind = await findFresh(state, fresh);
        if (behind.state === "present") return { payload: await acceptLoaded(state, behind, options, startedMs) };
      }
      // Another layer has an artifact that cannot be read here: generating again would not help.
      if (found.state === "damaged" && yieldedTo === "damaged") throw damageError(state, found);
      const payload = await completeUnderLease(state, found, options);
      if (payload !== undefined) return payload;
      yieldedTo = found.state;
    } finally {
      await lease?.release();
    }
  }
}

/**
 * Publishes a payload that was generated before, or generates it. Returns `undefined` if it has to
 * be loaded: another writer was first after all, or another object of the same recipe had generated
 * it.
 */
async function completeUnderLease(state: State, miss: Miss, options: ProduceOptions): Promise<Obtained | undefined> {
  try {
    const pending = await takePending(state, miss, options);
    if (pending !== undefined) return pending.completed;
    const generateNow = async (): Promise<Obtained | undefined> =>
      complete(state, await generateOrRemember(state, miss, options), miss, options);
    return await (options.supervisor?.whenReady(generateNow, options.signal) ?? generateNow());
  } catch (error) {
    emitFailed(state, error, options);
    throw error;
  }
}

async function generateOrRemember(state: State, miss: Miss, options: ProduceOptions): Promise<PendingPayload> {
  try {
    return await runGenerator(state, options, miss.state === "stale");
  } catch (error) {
    if (!options.signal.aborted) rememberFailure(state, error);
    throw error;
  }
}

/**
 * Publishes a payload that was generated before. Returns `undefined` if there is none, or if the
 * validator refuses it again.
 */
async function takePending(
  state: State,
  miss: Miss,
  options: ProduceOptions,
): Promise<{ readonly completed: Obtained | undefined } | undefined> {
  const pending = pendingOf(state);
  if (pending === undefined) return undefined;
  const wasRefused = pending.isRefused;
  try {
    const completed = await complete(state, pending, miss, options);
    return { completed: pending.state === state ? completed : undefined };
  } catch (error) {
    if (!wasRefused || !pending.isRefused || options.signal.aborted) throw error;
    await pending.drop();
    if (state.pending === pending) state.pending = undefined;
    return undefined;
  }
}

async function complete(
  state: State,
  pending: PendingPayload,
  miss: Miss,
  options: ProduceOptions,
): Promise<Obtained | undefined> {
  // Called just before the record is written: only the record that was judged may be replaced, and
  // not one that another process has written since.
  const replaces = async (): Promise<boolean | DamagedArtifact> => {
    if (miss.state === "missing" || (await hasAppeared(state, miss))) return false;
    return miss.state === "damaged" ? miss : true;
  };
  return completePayload(pending, { teller: state, options, replaces });
}

/**
 * Returns the store in which to look for the artifact that was there already. If the layers of the
 * store only work together and one does not answer, a failed read must not count as a miss: the
 * generator would run again and again.
 */
function storeAfterYielding(store: Store): Store {
  return store.layers?.worksAlone === false ? certainStore(store) : store;
}

function describeOwner(owner: LeaseOwner | undefined): string {
  return owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
}
