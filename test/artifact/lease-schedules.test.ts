import { describe, expect, test } from "vitest";
import { type Outcome, type Scenario, simulate } from "../support/lease-simulation.ts";

/** Seeds for each scenario: few by default, thousands in a long run. */
const SEEDS = Number(process.env.PERSISTABLE_TEST_LEASE_SEEDS ?? 20);

type Kind = Omit<Scenario, "seed">;

const calm: Kind = { processes: 4, kills: 0, stops: 0, seesDeath: true, failures: 0.3, aborts: 0.2 };
const sound = { overlaps: 0, doubledWork: 0, falselyCurrent: 0, leftovers: 0, litter: 0, wedged: 0, errors: [] };

/**
 * Plays every seed; what a seed gives is compared with what is expected, so that a failure names
 * the seed.
 */
async function playAll(
  kind: Kind,
  toCompare: (outcome: Outcome) => Partial<Outcome>,
  expected: Partial<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const outcome = await simulate({ ...kind, seed });
    expect({ seed, ...toCompare(outcome) }).toEqual({ seed, ...expected });
    outcomes.push(outcome);
  }
  return outcomes;
}

const whole = ({ takeovers: _, isCompleted: __, ...rest }: Outcome): Partial<Outcome> => rest;
/** When a process is stopped, others may take over: two work then, and nothing worse happens. */
const inTheEnd = ({ leftovers, wedged, errors }: Outcome): Partial<Outcome> => ({ leftovers, wedged, errors });

describe("in every order in which several processes can act", () => {
  test("one works at a time, each comes to an end, and no claim is left", async () => {
    const outcomes = await playAll(calm, whole, sound);
    expect(outcomes.filter(({ isCompleted }) => isCompleted)).toHaveLength(SEEDS);
  });

  test("one works at a time although processes are killed at any moment", async () => {
    const outcomes = await playAll({ ...calm, processes: 5, kills: 10, failures: 0.8 }, whole, sound);
    expect(outcomes.reduce((sum, { takeovers }) => sum + takeovers, 0)).toBeGreaterThan(SEEDS / 2);
  });

  test("one works at a time although nobody can see who is dead, only who is silent", async () => {
    const outcomes = await playAll({ ...calm, kills: 4, seesDeath: false }, whole, sound);
    expect(outcomes.some(({ takeovers }) => takeovers > 0)).toBe(true);
  });

  test("each comes to an end, and no claim is left, although processes are stopped for long and go on", async () => {
    const outcomes = await playAll(
      { ...calm, stops: 5 },
      inTheEnd,
      inTheEnd({ ...sound, takeovers: 0, isCompleted: true }),
    );
    expect(outcomes.some(({ takeovers }) => takeovers > 0)).toBe(true);
    expect(outcomes.filter(({ isCompleted }) => isCompleted)).toHaveLength(SEEDS);
  });

  test("each comes to an end although everything goes wrong", async () => {
    await playAll({ ...calm, kills: 4, stops: 4 }, inTheEnd, inTheEnd({ ...sound, takeovers: 0, isCompleted: true }));
  });

  test("a store that lies about who was first is found out, so these tests can fail", async () => {
    let overlaps = 0;
    for (let seed = 0; seed < 20; seed++)
      overlaps += (await simulate({ ...calm, seed, bug: "create-overwrites" })).overlaps;
    expect(overlaps).toBeGreaterThan(0);
  });
});
