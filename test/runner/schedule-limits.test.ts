import { setImmediate, setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { InvalidRunOptionsError } from "../../src/errors/pipeline-errors.ts";
import { schedule } from "../../src/runner/schedule/schedule.ts";
import { NodeOutcome, type Place } from "../../src/runner/schedule/schedule-options.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { graphOf, independent, orderOf } from "../support/schedule-trial.ts";

describe("a limit", () => {
  it.each([
    [{ pools: { gpu: 4 } }, { gpu: 8 }, 'embeddings takes 8 of the pool "gpu", which has 4'],
    [{ rateLimits: { api: { limit: 1, intervalMs: 10 } } }, { api: 2 }, "of which 1 may begin in 10 ms"],
    [{ pools: { gpu: 4 } }, { gpu: -1 }, "must be a number above 0"],
    [{ pools: { gpu: 4 } }, { gpu: Number.NaN }, "must be a number above 0"],
    [{ pools: { gpu: 0 } }, { gpu: 1 }, 'The pool "gpu" has 0'],
    [{ rateLimits: { api: { limit: 1, intervalMs: 0 } } }, {}, "both must be above 0"],
  ])("%j that %j can never be given is refused before anything begins", async (limits, weights, message) => {
    const refused = schedule(graphOf([[], []]), {
      concurrency: 1,
      ...limits,
      nameOf: () => "embeddings",
      poolsOf: (node) => (node === 1 ? weights : undefined),
      execute: () => expect.unreachable(),
    });
    await expect(refused).rejects.toThrow(InvalidRunOptionsError);
    await expect(refused).rejects.toThrow(message);
  });

  it("does not look at what is done", async () => {
    const limits = { pools: { gpu: 1 }, poolsOf: () => ({ gpu: 2 }) };
    expect(await orderOf([[]], { concurrency: 1, done: Uint8Array.of(1), ...limits })).toEqual([]);
  });

  it("holds up nobody who does without", async () => {
    const limits = {
      pools: { gpu: 1, api: 1 },
      poolsOf: (node: number) => (node < 3 ? { gpu: 1 } : node === 3 ? { api: 1 } : undefined),
    };
    const begun: number[] = [];
    let goOn: () => void = () => {};
    const othersBegan = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await schedule(graphOf(independent(5)), {
      ...limits,
      concurrency: 3,
      execute: async (node) => {
        begun.push(node);
        if (begun.includes(3) && begun.includes(4)) goOn();
        // However many turns a busy machine takes for that.
        if (node === 0) await othersBegan;
      },
    });
    expect(begun.slice(0, 3)).toEqual([0, 3, 4]);
  });

  it("keeps what is left for the heavy one whose turn it is", async () => {
    const limits = { pools: { gpu: 2 }, poolsOf: (node: number) => ({ gpu: node === 2 ? 2 : 1 }) };
    expect(await orderOf(independent(50), { concurrency: 4, ...limits })).toEqual([...Array(50).keys()]);
  });

  it("lets those who need two pools have both, although others take turns in each", async () => {
    const begun: number[] = [];
    await schedule(graphOf(independent(60)), {
      concurrency: 8,
      pools: { a: 1, b: 1 },
      poolsOf: (node) => (node === 2 ? { a: 1, b: 1 } : node % 2 === 0 ? { a: 1 } : { b: 1 }),
      execute: async (node) => {
        begun.push(node);
        await setImmediate();
        // Those of one pool end between those of the other: both are never free at the same time by
        // themselves.
        if (node > 0) await setImmediate();
      },
    });
    expect(begun.indexOf(2)).toBeLessThan(6);
  });

  it("of a rate keeps nobody waiting after an abort, nor the process", async () => {
    await using child = startChild(await buildChild("test/support/aborted-rate-child.ts"), {});
    expect(await child.ended, child.complaints).toBe(0);
    expect(child.told).toEqual([[NodeOutcome.done, NodeOutcome.pending, NodeOutcome.pending]]);
  });

  it("adds up to what it is, in tenths", async () => {
    let running = 0;
    let most = 0;
    await schedule(graphOf(independent(20)), {
      concurrency: 20,
      pools: { share: 0.3 },
      poolsOf: () => ({ share: 0.1 }),
      execute: async () => {
        most = Math.max(most, ++running);
        await setImmediate();
        running -= 1;
      },
    });
    expect(most).toBe(3);
  });
});

describe("a place", () => {
  async function withPlace(
    use: (place: Place, signal: AbortController) => Promise<void>,
    others: () => void | Promise<void>,
  ): Promise<Uint8Array> {
    const abort = new AbortController();
    const { state } = await schedule(graphOf([[], []]), {
      concurrency: 1,
      signal: abort.signal,
      execute: (node, place) => (node === 0 ? use(place, abort) : others()),
    });
    return state;
  }

  it("that is given back is another one's, and is there again afterwards", async () => {
    const seen: string[] = [];
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    await withPlace(
      async (place) => {
        place.release();
        seen.push("released");
        // However long a busy machine takes for that.
        await begun;
        await place.acquire();
        seen.push("acquired");
      },
      () => {
        seen.push("other");
        begin();
      },
    );
    expect(seen).toEqual(["released", "other", "acquired"]);
  });

  it("is refused with the reason of the schedule's signal", async () => {
    const reason = new Error("enough");
    let refusal: unknown;
    await withPlace(
      async (place, abort) => {
        place.release();
        abort.abort(reason);
        refusal = await place.acquire().catch((error) => error);
      },
      () => {},
    );
    expect(refusal).toBe(reason);
  });

  it("is refused with the reason of the schedule's signal while it is waited for", async () => {
    const reason = new Error("enough");
    let refusal: unknown;
    await withPlace(
      async (place, abort) => {
        place.release();
        // The other one has it by now, and keeps it until this one has ended.
        await setImmediate();
        const acquired = place.acquire();
        abort.abort(reason);
        refusal = await acquired.catch((error) => error);
      },
      () => setTimeout(5),
    );
    expect(refusal).toBe(reason);
  });

  it("is refused with the reason of the signal that was given with it, while it is waited for", async () => {
    const own = new AbortController();
    const reason = new Error("enough");
    let refusal: unknown;
    const state = await withPlace(
      async (place) => {
        place.release();
        // The other one has it by now.
        await setImmediate();
        const acquired = place.acquire(own.signal);
        own.abort(reason);
        refusal = await acquired.catch((error) => error);
        await place.acquire();
      },
      () => {},
    );
    expect(refusal).toBe(reason);
    expect([...state]).toEqual([NodeOutcome.done, NodeOutcome.done]);
  });

  it("is refused to a node that has ended, and nothing is given back twice", async () => {
    let running = 0;
    let most = 0;
    let late: Promise<unknown> | undefined;
    await schedule(graphOf(independent(6)), {
      concurrency: 1,
      execute: async (node, place) => {
        most = Math.max(most, ++running);
        await setTimeout(1);
        running -= 1;
        if (node > 0) return;
        late = (async () => {
          await setTimeout(1);
          place.release();
          return await place.acquire().catch((error) => error.name);
        })();
      },
    });
    expect(await late).toBe("AbortError");
    expect(most).toBe(1);
  });

  it("is refused to who still waits for it when the node ends", async () => {
    let refusal: Promise<unknown> | undefined;
    const state = await withPlace(
      async (place) => {
        place.release();
        await setImmediate();
        // The other one has it, and keeps it until this one has ended.
        refusal = place.acquire().catch((error) => error.name);
      },
      () => setTimeout(5),
    );
    expect(await refusal).toBe("AbortError");
    expect([...state]).toEqual([NodeOutcome.done, NodeOutcome.done]);
  });
});

describe("a node that another process has", () => {
  const nodes = 100;
  const inOrder = Array.from({ length: nodes }, (_, node) => node);

  /** The order in which nodes start, if the first of them says whether another process has it. */
  async function orderAfter(isElsewhere: boolean, priority?: Float64Array): Promise<number[]> {
    const begun: number[] = [];
    await schedule(graphOf(independent(nodes)), {
      concurrency: 1,
      priority,
      execute: async (node, place) => {
        begun.push(node);
        if (begun.length === 1) place.release(isElsewhere);
        await setImmediate();
      },
    });
    return begun;
  }

  it("makes this one take the others in an order of its own", async () => {
    const begun = await orderAfter(true);
    expect(begun).not.toEqual(inOrder);
    expect(begun.toSorted((a, b) => a - b)).toEqual(inOrder);
    expect(await orderAfter(false)).toEqual(inOrder);
  });

  it("leaves nodes that take longer in front", async () => {
    const priority = Float64Array.from(inOrder, (node) => (node < 50 ? 2000 : 1000));
    const begun = await orderAfter(true, priority);
    expect(begun).not.toEqual(inOrder);
    expect(begun.slice(0, 50).toSorted((a, b) => a - b)).toEqual(inOrder.slice(0, 50));
  });
});
