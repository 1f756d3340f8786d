import type { Store } from "../../store/store.ts";
import { type Claim, encodeBeat, readClaim } from "./lease-claim.ts";
import type { Machine } from "./lease-machine.ts";

/** A claim, and what keeps it alive. */
export interface Beating {
  readonly path: Claim["path"];
  readonly token: string;
  /** The part of the claim that never changes. */
  readonly head: string;
  readonly everyMs: number;
}

/** Is informed about beats that go through a store. */
export interface BeatListener {
  /** Called when a beat is due. */
  onBeat?(): void;
  /** Called when a beat failed. The next one may succeed. */
  onFailure?(error: unknown): void;
}

/** The longest time that stopping waits for a beat under way. */
const LAST_BEAT_MS = 5000;

/**
 * Beats through the calls of a store while the event loop of this thread turns.
 *
 * @param open - returns the store, or fails, in which case the next beat calls it again
 * @returns a function that stops the beats: once its promise resolves, no beat is under way
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
      // The next beat may succeed. If none does, other processes take over, and this claim finds
      // that out when it is asked.
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
