import { StoreIoError } from "../../errors/store-errors.ts";
import type { Reopening } from "../../store/location/reopening.ts";
import { reopenLocation } from "../../store/open/reopen-location.ts";
import type { Store } from "../../store/store.ts";
import { type Beating, beatThroughStore } from "./lease-beats.ts";
import { thisMachine } from "./lease-machine.ts";

/**
 * The URL of this file once it is bundled: the main thread reads it, and the thread that beats
 * imports it.
 */
export const heartbeatEntryUrl: string | undefined = import.meta.url;

/** A claim in a remote store, with all that the thread needs to open that store. */
export interface BeatingElsewhere extends Beating {
  readonly reopening: Reopening;
  /** The environment of the process, which may hold credentials. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Describes the failure of a beat on the thread. */
export interface BeatFailure {
  readonly message: string;
  /** Whether the failure may pass by itself: a server that is away may come back. */
  readonly mayPass: boolean;
}

/**
 * The stores that this thread has opened, by their description. A store is closed when its last
 * claim is gone.
 */
const opened = new Map<string, { readonly store: Promise<Store>; claims: number }>();

/**
 * Starts beating for a claim; called on the thread.
 *
 * @param onFailure - called for the first beat that fails
 * @returns a function that stops the beats: once its promise resolves, no beat is under way
 * @public
 */
export function startBeating(
  { reopening, env, ...beating }: BeatingElsewhere,
  onFailure: (failure: BeatFailure) => void,
): () => Promise<void> {
  adoptEnvironment(env);
  const key = JSON.stringify(reopening);
  let isHeld = false;
  let hasFailed = false;
  const open = (): Promise<Store> => {
    const known = opened.get(key) ?? openForAll(key, reopening, beating.everyMs);
    if (!isHeld) known.claims++;
    isHeld = true;
    return known.store;
  };
  const stop = beatThroughStore(open, beating, thisMachine, {
    onFailure(error) {
      if (!hasFailed) onFailure(beatFailureOf(error));
      hasFailed = true;
    },
  });
  return async () => {
    await stop();
    const known = opened.get(key);
    if (isHeld && known !== undefined && --known.claims === 0) opened.delete(key);
  };
}

function openForAll(key: string, reopening: Reopening, everyMs: number): { store: Promise<Store>; claims: number } {
  // The connection stays open between two beats, so that a beat needs no new login.
  const store = reopenLocation(reopening, 3 * everyMs);
  const entry = { store, claims: 0 };
  opened.set(key, entry);
  store.catch(() => {
    if (opened.get(key) === entry) opened.delete(key);
  });
  return entry;
}

/** The thread was started with an empty environment. */
function adoptEnvironment(env: BeatingElsewhere["env"]): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

function beatFailureOf(error: unknown): BeatFailure {
  return { message: error instanceof Error ? error.message : String(error), mayPass: error instanceof StoreIoError };
}
