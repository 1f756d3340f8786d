import type { Store } from "../../store/store.ts";
import { type Claim, encodeBeat, readClaim } from "./lease-claim.ts";
import type { Machine } from "./lease-machine.ts";

/** A claim, and how it is kept alive. */
export interface Beating {
  readonly path: Claim["path"];
  readonly token: string;
  /** The part of the claim that never changes. */
  readonly head: string;
  readonly everyMs: number;
}

/** What is told of beats that go through a store. */
export interface BeatListener {
  /** A beat is due. */
  onBeat?(): void;
  /** A beat did not get through. The next one may. */
  onFailure?(error: unknown): void;
}

/** How long a beat under way may take, once it is no longer needed. */
const LAST_BEAT_MS = 5000;

/**
 * Beats by the calls of a store, for as long as the event loop of this thread turns.
 *
 * @param open - gives the store, or fails, in which case the next beat asks again
 * @returns what ends it: when that resolves, no beat is under way
 */
export function beatThroughStore(
  open: () => Store | Promise<Store>,
  { path, token, head, everyMs }: Beating,
  machine: Machine,
  listener: BeatListener = {},
): () => Promise<void> {
  const callOff = new AbortController();
  let count = 0;
  let isStopped = false;
  let underWay: Promise<void> | undefined;
  let cancel = machine.after(everyMs, next, { unref: true });
  function next(): void {
    listener.onBeat?.();
    underWay = beat().finally(() => {
      underWay = undefined;
      if (!isStopped) cancel = machine.after(everyMs, next, { unref: true });
    });
  }
  async function beat(): Promise<void> {
    try {
      const store = await open();
      const there = await readClaim(store, path, callOff.signal);
      if (isStopped || there?.token !== token) return;
      const bytes = [Buffer.from(head + encodeBeat(++count))];
      await store.replace(path, bytes, { durable: false, signal: callOff.signal });
    } catch (error) {
      // The next beat may get through. If none does, others take over, and this claim notices when
      // it is asked.
      if (!isStopped) listener.onFailure?.(error);
    }
  }
  return async () => {
    isStopped = true;
    cancel();
    if (underWay === undefined) return;
    const callingOff = setTimeout(() => callOff.abort(), LAST_BEAT_MS);
    await underWay;
    clearTimeout(callingOff);
  };
}
