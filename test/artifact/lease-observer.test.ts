import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/artifact/lease/lease-claim.ts";
import { ClaimObserver } from "../../src/artifact/lease/lease-observer.ts";
import { storePath } from "../../src/store/store-path.ts";
import { ManualMachine } from "../support/lease-store.ts";

const STALE_MS = 1000;
const STEP_MS = 100;

const claim: Claim = {
  path: storePath("claim"),
  token: "one",
  owner: { host: "manual", pid: 7, claimedAt: "now" },
  beat: "1",
};

function observe() {
  const machine = new ManualMachine();
  const observer = new ClaimObserver(machine, undefined, STALE_MS, STEP_MS);
  /**
   * Looks at the claim again and again for this time; returns whether it was ever found to be over.
   */
  const watch = async (forMs: number, seen: Claim = claim, stepMs = 50): Promise<boolean> => {
    let isOver = observer.isOver(seen);
    for (let ms = 0; ms < forMs; ms += stepMs) {
      await machine.pass(stepMs);
      isOver ||= observer.isOver(seen);
    }
    return isOver;
  };
  return { machine, observer, watch };
}

describe("a claim that is watched", () => {
  test("is over as soon as its owner is certainly gone, even if it still beats", () => {
    const { machine, observer } = observe();
    expect(observer.isOver(claim)).toBe(false);
    machine.gone.add(7);
    expect(observer.isOver({ ...claim, beat: "2" })).toBe(true);
    expect(observer.isOver({ ...claim, owner: undefined })).toBe(false);
  });

  test("is over when it has been silent for long enough, and not a moment earlier", async () => {
    const { machine, observer, watch } = observe();
    expect(await watch(STALE_MS - 50)).toBe(false);
    await machine.pass(49);
    expect(observer.isOver(claim)).toBe(false);
    await machine.pass(1);
    expect(observer.isOver(claim)).toBe(true);
  });

  test("is not over as long as it beats, however the beats count", async () => {
    const { watch } = observe();
    for (const beat of ["9", "3", "x", "9", "", "0"])
      expect(await watch(STALE_MS - 50, { ...claim, beat })).toBe(false);
  });

  test("has its own time: what another claim was silent for does not count", async () => {
    const { watch } = observe();
    expect(await watch(STALE_MS - 50)).toBe(false);
    expect(await watch(STALE_MS - 50, { ...claim, token: "two" })).toBe(false);
  });

  test("is not taken for silent while the observer itself was stopped", async () => {
    const { machine, observer, watch } = observe();
    observer.isOver(claim);
    await machine.pass(100 * STALE_MS);
    expect(observer.isOver(claim)).toBe(false);
    expect(await watch(STALE_MS - STEP_MS - 50)).toBe(false);
    expect(await watch(100)).toBe(true);
  });

  test("is found silent also by one who looks seldom", async () => {
    const { watch } = observe();
    expect(await watch(9 * STALE_MS, claim, STALE_MS)).toBe(false);
    expect(await watch(STALE_MS, claim, STALE_MS)).toBe(true);
  });
});
