import { type Claim, isEnded } from "./lease-claim.ts";
import type { Machine } from "./lease-machine.ts";

/**
 * Watches one claim after another, and reports when its owner has stopped working: at once if that
 * is certain, otherwise when it has been silent for `staleMs`. It counts beats and compares no
 * times, so clocks that differ or are set do not matter.
 */
export class ClaimObserver {
  readonly #machine: Machine;
  readonly #folder: string | undefined;
  readonly #staleMs: number;
  readonly #longestStepMs: number;
  #token: string | undefined;
  #beat = "";
  #lookedMs = 0;
  #silentMs = 0;
  #isGone = false;

  /** The time that the owner has been silent; undefined if it is certainly gone. */
  get silentMs(): number | undefined {
    return this.#isGone ? undefined : this.#silentMs;
  }

  /**
   * @param folder - the folder of the claims, if it is on this machine's disk
   * @param longestStepMs - the most that one inspection adds to the silence: while this process was
   * stopped or busy, the owner may have been stopped by the same cause (a suspended laptop,
   * Ctrl-Z), and gets its time to beat again
   */
  constructor(machine: Machine, folder: string | undefined, staleMs: number, longestStepMs: number) {
    this.#machine = machine;
    this.#folder = folder;
    this.#staleMs = staleMs;
    this.#longestStepMs = longestStepMs;
  }

  /** Inspects the claim again, as it is now. */
  isOver(claim: Claim): boolean {
    if (isEnded(claim)) return true;
    const { owner } = claim;
    this.#isGone = owner !== undefined && this.#machine.isCertainlyGone(owner, this.#folder);
    if (this.#isGone) return true;
    const nowMs = this.#machine.nowMs();
    if (claim.token !== this.#token || claim.beat !== this.#beat) this.#silentMs = 0;
    else this.#silentMs += Math.min(nowMs - this.#lookedMs, this.#longestStepMs);
    this.#token = claim.token;
    this.#beat = claim.beat;
    this.#lookedMs = nowMs;
    return this.#silentMs >= this.#staleMs;
  }
}
