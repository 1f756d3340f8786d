import { currentProcess, isCertainlyGone, type ProcessIdentity } from "./process-identity.ts";

/**
 * The machine as the lease sees it: which processes run, and how time passes. Tests replace it by
 * one that plays many processes.
 */
export interface Machine {
  readonly self: ProcessIdentity;
  /**
   * Returns `false` when in doubt. `folder` holds the other process's claim, if the store is on
   * this machine's disk.
   */
  isCertainlyGone(other: ProcessIdentity, folder: string | undefined): boolean;
  /** Returns the time of a clock that is never set; it may start anywhere. */
  nowMs(): number;
  /**
   * Runs `callback` after `delayMs`; returns a function that cancels it. With `unref` a pending
   * timer does not keep the process alive.
   */
  after(delayMs: number, callback: () => void, options?: { readonly unref: boolean }): () => void;
}

export const thisMachine: Machine = {
  get self() {
    return currentProcess();
  },
  isCertainlyGone: (other, folder) => isCertainlyGone(other, folder),
  nowMs: () => performance.now(),
  after(delayMs, callback, options) {
    const timer = setTimeout(callback, delayMs);
    if (options?.unref) timer.unref();
    return () => clearTimeout(timer);
  },
};
