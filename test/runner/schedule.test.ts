import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidRunOptionsError } from "../../src/errors/pipeline-errors.ts";
import { schedule } from "../../src/runner/schedule/schedule.ts";
import { NodeOutcome } from "../../src/runner/schedule/schedule-options.ts";
import { withPausingClock } from "../support/pausing-clock.ts";
import { expectedStates, graphOf, independent, orderOf, runTrial, trialArbitrary } from "../support/schedule-trial.ts";

const numRuns = Number(process.env.PERSISTABLE_TEST_SCHEDULES ?? 60);

describe("any schedule", () => {
  it("begins each node once, after what it depends on, within all limits, and ends", async () => {
    await fc.assert(
      fc.asyncProperty(trialArbitrary, async (trial) => {
        const { state, begun, done, failed, skipped, problems } = await runTrial(trial);
        expect(problems).toEqual([]);
        const nodesIn = (outcome: number) => [...state.keys()].filter((node) => state[node] === outcome);
        expect(nodesIn(NodeOutcome.running)).toEqual([]);
        const before = trial.nodes.flatMap(({ isDone }, node) => (isDone ? [node] : []));
        expect([...done, ...before].sort((a, b) => a - b)).toEqual(nodesIn(NodeOutcome.done));
        expect(failed.toSorted((a, b) => a - b)).toEqual(nodesIn(NodeOutcome.failed));
        expect([...skipped.keys()].sort((a, b) => a - b)).toEqual(nodesIn(NodeOutcome.skipped));
        expect(begun.length).toBe(done.length + failed.length);
        for (const because of skipped.values()) expect(state[because]).toBe(NodeOutcome.failed);
      }),
      { numRuns },
    );
  });

  it("comes to what the failures allow, where nothing is aborted", async () => {
    await fc.assert(
      fc.asyncProperty(trialArbitrary, async (drawn) => {
        const trial = { ...drawn, abortAfter: Number.POSITIVE_INFINITY };
        const { states, isExact } = expectedStates(trial);
        const { state } = await runTrial(trial);
        // After a failure that stops everything, whatever has not begun stays as it is.
        const known = states.map((expected, node) =>
          !isExact && (expected === NodeOutcome.skipped || state[node] === NodeOutcome.pending)
            ? NodeOutcome.pending
            : expected,
        );
        expect([...state]).toEqual(known);
      }),
      { numRuns },
    );
  });

  it("begins no more within any stretch of time than its rates allow", async () => {
    const pool = fc.record({ limit: fc.integer({ min: 2, max: 4 }), intervalMs: fc.constantFrom(5, 12, 20) });
    const weights = fc.record({
      a: fc.constantFrom(0, 1, 1, 2),
      b: fc.constantFrom(0, 0, 0.5, 2),
    });
    await fc.assert(
      fc.asyncProperty(
        pool,
        pool,
        fc.array(fc.record({ weights, returns: fc.boolean() }), { minLength: 3, maxLength: 14 }),
        async (a, b, nodes) => {
          const begun: { atMs: number; a: number; b: number }[] = [];
          const begin = (index: number) =>
            begun.push({ atMs: performance.now(), a: nodes[index]?.weights.a ?? 0, b: nodes[index]?.weights.b ?? 0 });
          const { state } = await schedule(graphOf(independent(nodes.length)), {
            concurrency: 4,
            rateLimits: { a, b },
            poolsOf: (index) => nodes[index]?.weights,
            execute: async (index, place) => {
              begin(index);
              if (nodes[index]?.returns !== true) return;
              place.release();
              await place.acquire();
              begin(index);
            },
          });
          expect(state.every((one) => one === NodeOutcome.done)).toBe(true);
          for (const { atMs } of begun) {
            const within = (intervalMs: number) =>
              begun.filter((other) => other.atMs >= atMs && other.atMs <= atMs + intervalMs);
            expect(within(a.intervalMs).reduce((sum, one) => sum + one.a, 0)).toBeLessThanOrEqual(a.limit);
            expect(within(b.intervalMs).reduce((sum, one) => sum + one.b, 0)).toBeLessThanOrEqual(b.limit);
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 20) },
    );
  });
});

describe("schedule", () => {
  it("goes on where the process pauses between any two looks at the clock", async () => {
    const begun: number[] = [];
    await withPausingClock(() =>
      schedule(graphOf(independent(200)), {
        concurrency: 4,
        rateLimits: { a: { limit: 2, intervalMs: 5 } },
        poolsOf: () => ({ a: 1 }),
        execute: (node) => void begun.push(node),
      }),
    );
    expect(begun).toHaveLength(200);
  });

  it("begins in the order in which nodes become ready", async () => {
    expect(await orderOf([[], [3], [], [], [0]], { concurrency: 1 })).toEqual([0, 2, 3, 4, 1]);
  });

  it("begins the one with the largest priority", async () => {
    const priority = Float64Array.of(1, 5, 3, 3, 9);
    expect(await orderOf([[], [], [], [], [0]], { concurrency: 1, priority })).toEqual([1, 2, 3, 0, 4]);
  });

  it("asks for no call and no order of what is done, and does not wait for what that depends on", async () => {
    expect(await orderOf([[], [0], [1]], { concurrency: 4, done: Uint8Array.of(0, 1, 0) })).toEqual([0, 2]);
  });

  it("does nothing where there is nothing to do", async () => {
    expect(await schedule(graphOf([]), { concurrency: 1, execute: () => {} })).toEqual({ state: new Uint8Array(0) });
  });

  it("does a chain of 100,000 nodes that end at once", async () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, node) => (node === 0 ? [] : [node - 1]));
    const { state } = await schedule(graphOf(chain), { concurrency: 2, execute: () => {} });
    expect(state.every((one) => one === NodeOutcome.done)).toBe(true);
  });

  it("skips a chain of 100,000 nodes after a failure", async () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, node) => (node === 0 ? [] : [node - 1]));
    const { state } = await schedule(graphOf(chain), {
      concurrency: 2,
      onFailure: "independent",
      execute: () => Promise.reject(new Error("no")),
    });
    expect(state.filter((one) => one === NodeOutcome.skipped).length).toBe(count - 1);
  });

  it.each(["sync", "async"])("gives everything else a turn while %s nodes end at once", async (kind) => {
    let isOver = false;
    let turns = 0;
    const others = (async () => {
      for (; !isOver; turns++) await setImmediate();
    })();
    const work = () => {
      const startedMs = performance.now();
      while (performance.now() - startedMs < 1);
    };
    await schedule(graphOf(independent(100)), {
      concurrency: 2,
      execute: kind === "sync" ? work : async () => work(),
    });
    isOver = true;
    await others;
    expect(turns).toBeGreaterThan(3);
  });

  it("takes what execute throws and rejects with as failures", async () => {
    const failures: unknown[] = [];
    const { state } = await schedule(graphOf(independent(3)), {
      concurrency: 3,
      onFailure: "everything",
      execute: (node) => {
        if (node === 0) throw new Error("thrown");
        return node === 1 ? Promise.reject(new Error("rejected")) : undefined;
      },
      onFailed: (node, error) => failures.push([node, (error as Error).message]),
    });
    expect(failures).toEqual([
      [0, "thrown"],
      [1, "rejected"],
    ]);
    expect([...state]).toEqual([NodeOutcome.failed, NodeOutcome.failed, NodeOutcome.done]);
  });

  it("names the failure that is the reason for skipping, however far away", async () => {
    const skipped: (readonly [number, number])[] = [];
    await schedule(graphOf([[], [], [1], [2], [0]]), {
      concurrency: 1,
      onFailure: "independent",
      execute: (node) => {
        if (node === 1) throw new Error("no");
      },
      onSkipped: (node, because) => skipped.push([node, because]),
    });
    expect(skipped).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it.each(["onDone", "onFailed", "onSkipped"] as const)(
    "rejects with what %s throws, after what runs has ended",
    async (name) => {
      let ended = 0;
      const broken = schedule(graphOf([[], [0], [], [2]]), {
        concurrency: 2,
        onFailure: "independent",
        execute: async (node) => {
          if (node === 0) await setImmediate();
          else if (name !== "onDone") throw new Error("no");
          ended += 1;
        },
        [name]: () => {
          throw new Error("broken callback");
        },
      });
      await expect(broken).rejects.toThrow("broken callback");
      expect(ended).toBe(name === "onDone" ? 2 : 1);
    },
  );

  it("begins nothing where it is aborted from the beginning", async () => {
    const { state } = await schedule(graphOf(independent(2)), {
      concurrency: 2,
      signal: AbortSignal.abort(),
      execute: () => expect.unreachable(),
    });
    expect([...state]).toEqual([NodeOutcome.pending, NodeOutcome.pending]);
  });

  it("refuses a circle before anything begins, and names it", async () => {
    const circle = schedule(graphOf([[], [0, 3], [1], [2], [3]]), {
      concurrency: 1,
      execute: () => expect.unreachable(),
    });
    await expect(circle).rejects.toThrow(InvalidRunOptionsError);
    await expect(circle).rejects.toThrow("1 -> 3 -> 2 -> 1");
  });

  it.each([0, -1, Number.NaN])("refuses a concurrency of %s", async (concurrency) => {
    await expect(schedule(graphOf([]), { concurrency, execute: () => {} })).rejects.toThrow(InvalidRunOptionsError);
  });
});
