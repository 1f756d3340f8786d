import { beforeAll, describe, expect, test } from "vitest";
import { BrokenProtocolError, ProtocolTrial, type ProtocolTrialOptions } from "../support/crash-protocol-trial.ts";
import {
  moveAway,
  removePayloadFirst,
  withErrorsTakenForAbsence,
  withoutFolderSync,
  withoutSync,
  withRecordFirst,
  withReplaceInTwoSteps,
} from "../support/crash-simulated-bugs.ts";

/** How many schedules are run, in all; 10,000 in a full run. */
const SEEDS = Number(process.env.PERSISTABLE_TEST_PROTOCOL_SEEDS ?? 30);

type World = Omit<ProtocolTrialOptions, "seed">;

const worlds: readonly (readonly [name: string, options: World])[] = [
  ["nothing but haste", { processes: 4 }],
  ["processes that are killed, and a power cut", { processes: 4, killChance: 0.01, powerCutChance: 0.003 }],
  ["a disk that fails and lies about it", { processes: 3, faultChance: 0.02, powerCutChance: 0.003 }],
  ["damage", { processes: 3, damageChance: 0.15, killChance: 0.005, powerCutChance: 0.002 }],
  ["a synchronous door", { processes: 3, synchronous: true, killChance: 0.01, powerCutChance: 0.01 }],
  ["no hard links", { processes: 3, hardLinks: false, powerCutChance: 0.003 }],
];

beforeAll(() => ProtocolTrial.warmUp());

describe("the artifact protocol, on a simulated disk", () => {
  test.each(worlds)("gives whole payloads and keeps what it acknowledged, with %s", async (_, world) => {
    const happened = { acknowledged: 0, present: 0, missing: 0, damaged: 0, failed: 0, collected: 0 };
    for (let seed = 1; seed <= Math.ceil(SEEDS / worlds.length); seed++) {
      const trial = new ProtocolTrial({ ...world, seed });
      await trial.run();
      for (const key of Object.keys(happened) as (keyof typeof happened)[]) happened[key] += trial.counts[key];
    }
    expect(happened.acknowledged).toBeGreaterThan(SEEDS / 4);
    expect(happened.present).toBeGreaterThan(SEEDS / 2);
    expect(happened.missing).toBeGreaterThan(0);
    if (world.damageChance !== undefined) expect(happened.damaged).toBeGreaterThan(0);
    if (world.faultChance !== undefined) expect(happened.failed).toBeGreaterThan(0);
  });
});

/** Bugs that are planted to see that the simulation notices them. */
const bugs: readonly (readonly [bug: string, world: Partial<World>])[] = [
  ["record before payload", { wrapStore: withRecordFirst }],
  ["no fsync of the payload", { wrap: (disk) => withoutSync(disk, (path) => path.startsWith("/home/sim/points/")) }],
  ["no fsync of the record", { wrap: (disk) => withoutSync(disk, (path) => path.includes("/tmp/")) }],
  ["no fsync of the folder", { wrap: withoutFolderSync }],
  ["collecting without a grace", { graceMs: -1 }],
  ["removing the payload before the record", { remove: removePayloadFirst, removeChance: 0.5, killChance: 0.05 }],
  [
    "moving away what is damaged, and what has just taken its place",
    { quarantine: moveAway, damageChance: 0.3, removeChance: 0 },
  ],
  ["replacing in two steps", { wrapStore: withReplaceInTwoSteps }],
  ["taking an error for absence", { wrapStore: withErrorsTakenForAbsence, faultChance: 0.03 }],
];

describe("the simulation", () => {
  test.each(bugs)("finds %s (control)", async (_, world) => {
    let found: unknown;
    for (let seed = 1; seed <= 300 && found === undefined; seed++) {
      const trial = new ProtocolTrial({ processes: 4, powerCutChance: 0.005, ...world, seed });
      found = await trial.run().then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(found).toBeInstanceOf(BrokenProtocolError);
  });
});
