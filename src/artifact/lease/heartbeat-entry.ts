import { StoreIoError } from "../../errors/store-errors.ts";
import type { Reopening } from "../../store/location/reopening.ts";
import { reopenPlace } from "../../store/open/reopen-location.ts";
import type { Store } from "../../store/store.ts";
import { type Beating, beatThroughStore } from "./lease-beats.ts";
import { thisMachine } from "./lease-machine.ts";

/**
 * Where this file lies once it is bundled: asked for on the main thread, and imported by the thread
 * that beats.
 */
export const heartbeatEntryUrl: string | undefined = import.meta.url;

/** A claim in a store elsewhere, as it is described to the thread. */
export interface BeatingElsewhere extends Beating {
  readonly reopening: Reopening;
  /** Of the process: credentials may stand there. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What went wrong with a beat on the thread. */
export interface BeatFailure {
  readonly message: string;
  /** Whether it may pass by itself, as a server that is away may come back. */
  readonly mayPass: boolean;
}

/**
 * The stores that this thread has opened, by how they were. Each is let go of when no claim is left
 * in it.
 */
const opened = new Map<string, { readonly store: Promise<Store>; claims: number }>();

/**
 * Called on the thread that beats.
 *
 * @param onFailure - told of the first beat that does not get through
 * @returns what ends it: when that resolves, no beat is under way
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
      if (!hasFailed) onFailure(describeFailure(error));
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
  // From one beat to the next a connection stays open, so that a beat is no new login.
  const store = reopenPlace(reopening, 3 * everyMs);
  const entry = { store, claims: 0 };
  opened.set(key, entry);
  store.catch(() => {
    if (opened.get(key) === entry) opened.delete(key);
  });
  return entry;
}

/** This thread began without any. */
function adoptEnvironment(env: BeatingElsewhere["env"]): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

function describeFailure(error: unknown): BeatFailure {
  return { message: error instanceof Error ? error.message : String(error), mayPass: error instanceof StoreIoError };
}
