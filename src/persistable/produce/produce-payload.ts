import { describeMiss, type MissReason } from "../../artifact/explain/miss.ts";
import { readRecordBytes } from "../../artifact/layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { acquireLease, type LeaseOwner } from "../../artifact/lease/lease.ts";
import { inspectArtifact } from "../../artifact/read/inspect-artifact.ts";
import { quarantineArtifact } from "../../artifact/read/quarantine-artifact.ts";
import type { DamagedArtifact } from "../../artifact/read/read-outcome.ts";
import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store } from "../../store/store.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import type { InternalCallOptions } from "../context/call-context.ts";
import { isAnonymous } from "../declare/declaration.ts";
import type { State } from "../declare/state.ts";
import { acceptLoaded, startHit } from "../load/accept-payload.ts";
import type { Found } from "../load/find-artifact.ts";
import { findFresh } from "../load/find-fresh.ts";
import { emitNow } from "../log/emit-now.ts";
import { logFileOf } from "../log/log-file-of.ts";
import { completePayload, emitFailed, failureOf, type Obtained } from "./complete-payload.ts";
import { runGenerator } from "./generate-payload.ts";
import { ownPending, type PendingPayload, pendingOf } from "./pending-payload.ts";
import { rememberFailure, throwRemembered } from "./remembered-failures.ts";

const explainMissPart = lazyPart(() => import("../../catalog/nearest/explain-miss.ts"));

type Miss = Exclude<Found, { readonly state: "present" }>;

/**
 * Gets a payload that is missing: this process generates it, or loads it as soon as another one has
 * generated it. With the lease in hand, it looks again before generating, since the owner before
 * may have finished.
 */
export async function producePayload(
  state: State,
  first: Miss,
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<Obtained> {
  try {
    return await produce(state, first, options, signal);
  } catch (error) {
    // The error may come from the lease, too: a full store cannot take a claim either.
    throw await failureOf(ownPending(state), error, signal);
  }
}

async function produce(
  state: State,
  first: Miss,
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<Obtained> {
  throwRemembered(state, options);
  await emitMiss(state, first);
  let miss = first;
  const { store } = state.surroundings;
  // Whatever was made since then is fresh, even where a caller asks for a refreshed payload.
  const staleSince = first.state === "stale" ? first.createdAt : "";
  const fresh = { ...options, signal, staleSince, staleWhileRevalidate: 0 };
  const { supervisor } = options;
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
    });
    try {
      const startedMs = startHit(state);
      const found = await findFresh(state, fresh, yieldedTo === undefined ? store : storeAfterYielding(store));
      if (found.state === "present")
        return { payload: await acceptLoaded(state, found, { ...options, signal }, startedMs) };
      miss = found;
      if (lease === undefined) continue;
      // If it cannot be set aside, another process has replaced it since it was judged: look again.
      if (found.state === "damaged") {
        if (!(await setAside(state, found, options))) continue;
        // The damaged artifact no longer hides the one that another layer of the store may have.
        const behind = await findFresh(state, fresh);
        if (behind.state === "present")
          return { payload: await acceptLoaded(state, behind, { ...options, signal }, startedMs) };
      }
      // Another layer has an artifact that cannot be read here: generating again would not help.
      if (found.state === "damaged" && yieldedTo === "damaged") throw damageError(state, found);
      const payload = await completeUnderLease(state, found, options, signal);
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
async function completeUnderLease(
  state: State,
  miss: Miss,
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<Obtained | undefined> {
  try {
    const pending = await takePending(state, miss, options, signal);
    if (pending !== undefined) return pending.completed;
    const generateNow = async (): Promise<Obtained | undefined> =>
      complete(state, await generateOrRemember(state, miss, options, signal), miss, options, signal);
    return await (options.supervisor?.whenReady(generateNow, signal) ?? generateNow());
  } catch (error) {
    emitFailed(state, error, options);
    throw error;
  }
}

async function generateOrRemember(
  state: State,
  miss: Miss,
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<PendingPayload> {
  try {
    return await runGenerator(state, options, signal, miss.state === "stale");
  } catch (error) {
    if (!signal.aborted) rememberFailure(state, error);
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
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<{ readonly completed: Obtained | undefined } | undefined> {
  const pending = pendingOf(state);
  if (pending === undefined) return undefined;
  const wasRefused = pending.isRefused;
  try {
    const completed = await complete(state, pending, miss, options, signal);
    return { completed: pending.state === state ? completed : undefined };
  } catch (error) {
    if (!wasRefused || !pending.isRefused || signal.aborted) throw error;
    await pending.drop();
    if (state.pending === pending) state.pending = undefined;
    return undefined;
  }
}

async function complete(
  state: State,
  pending: PendingPayload,
  miss: Miss,
  options: InternalCallOptions,
  signal: AbortSignal,
): Promise<Obtained | undefined> {
  // Called just before the record is written: only the record that was judged may be replaced, and
  // not one that another process has written since.
  const replaces = async (): Promise<boolean | DamagedArtifact> => {
    if (miss.state === "missing" || (await hasAppeared(state, miss))) return false;
    return miss.state === "damaged" ? miss : true;
  };
  return completePayload(pending, { teller: state, options, signal, replaces });
}

async function setAside(state: State, judged: DamagedArtifact, { supervisor }: InternalCallOptions): Promise<boolean> {
  const { name, address } = state.recipe;
  const quarantine = await quarantineArtifact(state.surroundings.store, name, address, judged);
  const { file, problem } = judged;
  const corrupt = { type: "corrupt", file, problem, ...(quarantine === undefined ? {} : { quarantine }) } as const;
  emitNow(state, corrupt, supervisor?.onEvent);
  return quarantine !== undefined;
}

/**
 * Returns the store in which to look for the artifact that was there already. If the layers of the
 * store only work together and one does not answer, a failed read must not count as a miss: the
 * generator would run again and again.
 */
function storeAfterYielding(store: Store): Store {
  return store.layers?.worksAlone === false ? certainStore(store) : store;
}

function damageError(state: State, { file, problem }: DamagedArtifact): CorruptArtifactError {
  return new CorruptArtifactError(state.recipe.name, state.recipe.address, file, problem);
}

/** Whether there is an artifact now, other than the one that was judged. */
async function hasAppeared(state: State, judged: Miss): Promise<boolean> {
  const { name, address } = state.recipe;
  const path = recordPath(name, address);
  const store = state.surroundings.store;
  if (judged.state === "missing") return (await store.stat(path)) !== undefined;
  if (judged.state === "stale") {
    const inspected = await inspectArtifact(store, name, address, [], undefined);
    return inspected.state === "present" && inspected.record.provenance.createdAt !== judged.createdAt;
  }
  // Looks twice, since a single read that finds other bytes may itself be faulty.
  for (let look = 0; look < 2; look++) {
    const bytes = await readRecordBytes(store, path);
    if (bytes === undefined || Buffer.compare(bytes, judged.recordBytes) === 0) return false;
  }
  return true;
}

/** Records are compared only if a listener or a log gets the reason. */
async function emitMiss(state: State, miss: Miss): Promise<void> {
  if (!state.surroundings.hasListener && logFileOf(state) === undefined) return;
  const reason = await reasonOf(state, miss);
  emitNow(state, { type: "miss", reason: describeMiss(reason), kind: reason.kind });
}

async function reasonOf(state: State, miss: Miss): Promise<MissReason> {
  if (miss.state === "damaged") return { kind: "corrupt", file: miss.file, problem: miss.problem };
  if (miss.state === "stale") return miss.reason;
  const { noteMiss } = await explainMissPart();
  return noteMiss(state.surroundings.store, state.recipe);
}

function describeOwner(owner: LeaseOwner | undefined): string {
  return owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
}
