import type { Claim } from "./lease-claim.ts";
import { isEnded } from "./lease-ended.ts";
import type { Machine } from "./lease-machine.ts";

/**
 * Watches one claim after another, and says when its owner no longer works: at once where that is
 * certain, otherwise when it has been silent for `staleMs`. Beats are counted and no times
 * compared, so clocks that differ or are set do not matter.
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

  /** How long the owner has been silent; `undefined` where it is certain that it is gone. */
  get silentMs(): number | undefined {
    return this.#isGone ? undefined : this.#silentMs;
  }

  /**
   * @param folder where the claims lie on this machine's disk, if they do.
   * @param longestStepMs the most that one look adds to the silence: while we were stopped
   * ourselves, or busy, the owner may well
   * have been stopped by the same hand (a suspended laptop, Ctrl-Z), and gets its time to beat
   * again.
   */
  constructor(machine: Machine, folder: string | undefined, staleMs: number, longestStepMs: number) {
    this.#machine = machine;
    this.#folder = folder;
    this.#staleMs = staleMs;
    this.#longestStepMs = longestStepMs;
  }

  /** Look at the claim again, as it is now. */
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
