import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { injectionsFor, type Scenario, tryInjection } from "../support/crash-injection.ts";
import { type Injection, isStraceInstalled } from "../support/crash-strace.ts";

/**
 * How many faults are injected into each operation, spread evenly over all there are: all of them
 * in a full run.
 */
const FAULTS = Number(process.env.PERSISTABLE_TEST_FAULTS ?? 2);
const isFull = process.env.PERSISTABLE_TEST_FAULTS !== undefined;
const KILL = "signal=SIGKILL";
const isInstalled = isStraceInstalled();

if (!isInstalled && process.platform === "linux" && process.env.CI === "true")
  throw new Error("These tests need strace: apt-get install strace");

const scenarios: readonly Scenario[] = [
  { title: "a small artifact", operation: "generate-small", before: "nothing" },
  { title: "a small artifact over another one", operation: "generate-small", before: "an artifact" },
  { title: "a large artifact", operation: "generate-large", before: "nothing" },
  { title: "a large artifact over another one", operation: "generate-large", before: "an artifact" },
  { title: "a large artifact under a lease", operation: "load-or-generate-large", before: "nothing" },
  {
    title: "a large artifact instead of a damaged one",
    operation: "load-or-generate-large",
    before: "a damaged artifact",
  },
  { title: "removing a large artifact", operation: "remove-large", before: "an artifact" },
];

/** Between them these make every kind of call; the others differ in what was there before. */
const essential = new Set([
  "generate-small nothing",
  "generate-large an artifact",
  "load-or-generate-large a damaged artifact",
]);
const tried = scenarios.filter(({ operation, before }) => isFull || essential.has(`${operation} ${before}`));

const bugs: readonly Scenario[] = [
  { title: "the record first", operation: "generate-large", before: "nothing", bug: "record-first" },
  { title: "in place", operation: "generate-large", before: "an artifact", bug: "in-place" },
  { title: "ignoring errors", operation: "generate-large", before: "an artifact", bug: "ignored-errors" },
];

function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)] as Item);
}

interface Outcome {
  /** Kills that did not reach the process. */
  readonly survived: readonly Injection[];
  readonly problems: readonly string[];
}

/** Several at a time. */
async function tryAll(scenario: Scenario, injections: readonly Injection[], stopAtFirst = false): Promise<Outcome> {
  const waiting = [...injections];
  const problems: string[] = [];
  const survived: Injection[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (stopAtFirst && problems.length > 0) return;
      const verdict = await tryInjection(scenario, next);
      problems.push(...verdict.problems);
      if (next.what === KILL && verdict.said !== "killed") survived.push(next);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return { survived, problems };
}

// Install it with: apt-get install strace
describe.skipIf(!isInstalled)("an error or a kill at a system call", () => {
  test.each(tried)("of writing $title leaves the earlier or the new one", async (scenario) => {
    const injections = await injectionsFor(scenario);
    expect(injections.length).toBeGreaterThan(10);
    expect(await tryAll(scenario, spread(injections, FAULTS))).toEqual({ survived: [], problems: [] });
  });

  test.each(isFull ? bugs : bugs.slice(0, 2))(
    "finds a store that writes wrongly: $title (control)",
    async (scenario) => {
      const fault = scenario.bug === "ignored-errors" ? "error=EIO" : KILL;
      // The calls at the end come first: there the damage is done.
      const injections = (await injectionsFor(scenario)).filter(({ what }) => what === fault).reverse();
      const { problems } = await tryAll(scenario, injections, true);
      expect(problems).not.toEqual([]);
    },
  );
});
