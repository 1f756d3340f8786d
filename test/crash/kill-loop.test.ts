import { expect, test } from "vitest";
import type { PlantedBug } from "../support/crash-planted-store.ts";
import { runAndKill } from "../support/crash-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** 1,000 in a full run. */
const KILLS = Number(process.env.PERSISTABLE_TEST_KILLS ?? 8);

test("processes that are killed at any moment leave whole artifacts, and everything that they acknowledged", async () => {
  await using folder = await temporaryFolder();
  const run = await runAndKill({ dataDir: folder.path, kills: KILLS, workers: 4, durable: true });
  expect(run.violations).toEqual([]);
  expect(run.acknowledged).toBeGreaterThan(KILLS / 2);
  expect(run.interrupted).toBeGreaterThan(KILLS / 4);
});

test.each<PlantedBug>(["record-first", "in-place", "early-acknowledgement"])(
  "the same is caught in a store that writes wrongly: %s (control)",
  async (bug) => {
    await using folder = await temporaryFolder();
    const run = await runAndKill({
      dataDir: folder.path,
      kills: 100,
      workers: 4,
      durable: true,
      bug,
      stopAtFirst: true,
    });
    expect(run.violations).not.toEqual([]);
  },
);
