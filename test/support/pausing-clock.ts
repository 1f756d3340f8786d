import { vi } from "vitest";

/**
 * Runs something in a process that pauses for up to 6 ms before every look at the clock, as on a
 * machine whose cores are taken away from it.
 */
export async function withPausingClock(work: () => Promise<unknown>): Promise<void> {
  let [nowMs, random] = [0, 1];
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    nowMs += (random >> 16) % 7;
    return nowMs;
  });
  try {
    await work();
  } finally {
    clock.mockRestore();
  }
}
