import { currentProcess, isCertainlyGone, type ProcessIdentity } from "./process-identity.ts";

/**
 * What the lease asks of the machine it runs on: who is there, and how time passes. Another one
 * plays many processes in a test.
 */
export interface Machine {
  readonly self: ProcessIdentity;
  /**
   * `false` when in doubt. The folder is where it left what we judge it by, if that is on this
   * machine's disk.
   */
  isCertainlyGone(other: ProcessIdentity, folder: string | undefined): boolean;
  /** By a clock that is never set, from any beginning. */
  nowMs(): number;
  /**
   * Call back later, unless the process ends before that (it waits for it, or not); returns what
   * calls it off.
   */
  after(delayMs: number, callback: () => void, options?: { readonly unref: boolean }): () => void;
}

/** This machine. */
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
