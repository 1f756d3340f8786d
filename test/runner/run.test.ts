import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { definePersistable, memoryStore, type PersistableOf, typedParams } from "../../src/entry/index.ts";
import {
  GenerateTimeoutError,
  InvalidRunOptionsError,
  listRuns,
  plan,
  RunCancelledError,
  type RunEvent,
  RunFailedError,
  type RunOptions,
  type RunResult,
  readFailure,
  run,
  UpstreamFailedError,
} from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * A chain with a branch: numbers → squares → sum, and numbers → count. What is generated is written
 * down.
 */
function createWorld() {
  const generated: string[] = [];
  const numbers = definePersistable({
    name: "numbers",
    params: typedParams<{ n: number }>(),
    generate: ({ params }) => {
      generated.push(`numbers ${params.n}`);
      return Array.from({ length: params.n }, (_, i) => i);
    },
  });
  const squares = definePersistable({
    name: "squares",
    dependencies: { numbers },
    generate: async ({ dependencies }) => {
      generated.push("squares");
      return (await dependencies.numbers.payload).map((number) => number ** 2);
    },
  });
  const count = definePersistable({
    name: "count",
    dependencies: { numbers },
    generate: async ({ dependencies }) => {
      generated.push("count");
      return (await dependencies.numbers.payload).length;
    },
  });
  const mean = definePersistable({
    name: "mean",
    dependencies: { squares, count },
    generate: async ({ dependencies }) => {
      generated.push("mean");
      const squared = await dependencies.squares.payload;
      return squared.reduce((sum, square) => sum + square, 0) / (await dependencies.count.payload);
    },
  });
  return { generated, numbers, squares, count, mean };
}

function typesOf(events: readonly RunEvent[]): string[] {
  return events.map((event) => ("name" in event ? `${event.type} ${event.name}` : event.type));
}

async function failed(running: Promise<RunResult>): Promise<RunResult> {
  const error = await running.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RunFailedError);
  return (error as RunFailedError).result;
}

describe("a run", () => {
  test("generates what is missing, each once, after what it is made from", async () => {
    const { generated, mean } = createWorld();
    const target = mean({ squares: { numbers: { n: 4 } }, count: { numbers: { n: 4 } } }, { dataDir: memoryStore() });
    const events: RunEvent[] = [];
    const result = await run(target, { onEvent: (event) => events.push(event), concurrency: 2 });
    expect(result).toMatchObject({ state: "completed", generated: 4, hits: 0, failed: 0, cancelled: 0 });
    expect(generated[0]).toBe("numbers 4");
    expect(generated.slice(1, 3).sort()).toEqual(["count", "squares"]);
    expect(generated[3]).toBe("mean");
    expect(generated).toHaveLength(4);
    expect(await target.payload).toBe(3.5);
    expect(typesOf(events).at(0)).toBe("planned");
    expect(typesOf(events).at(-1)).toBe("finished");
    expect(typesOf(events).filter((type) => type.startsWith("generated"))).toHaveLength(4);
    expect(new Set(events.map(({ runId }) => runId))).toEqual(new Set([result.runId]));
  });

  test("generates nothing where everything is there, and nothing upstream of what is there", async () => {
    const { generated, mean } = createWorld();
    const dataDir = memoryStore();
    const build = () => mean({ squares: { numbers: { n: 4 } }, count: { numbers: { n: 4 } } }, { dataDir });
    await run(build());
    generated.length = 0;
    const target = build();
    await target.dependencies.count.dependencies.numbers.remove();
    const result = await run(target);
    expect(result).toMatchObject({ state: "completed", generated: 0, hits: 1 });
    expect(generated).toEqual([]);
  });

  test("says how long what was there took to generate", async () => {
    const slow = definePersistable({
      name: "slow",
      params: typedParams<{ ms: number }>(),
      generate: ({ params }) => new Promise<number>((resolve) => setTimeout(resolve, params.ms, params.ms)),
    });
    const dataDir = memoryStore();
    const targets = [slow({ ms: 40 }, { dataDir }), slow({ ms: 5 }, { dataDir })];
    expect((await run(targets)).savedMs).toBe(0);
    const events: RunEvent[] = [];
    const { savedMs } = await run(targets, { onEvent: (event) => events.push(event) });
    const recorded = await Promise.all(
      targets.map(async (target) => (await target.record())?.provenance.durationMs ?? 0),
    );
    expect(savedMs).toBe((recorded[0] ?? 0) + (recorded[1] ?? 0));
    expect(events.flatMap((event) => (event.type === "hit" ? [event.savedMs] : []))).toEqual(recorded);
  });

  test("carries out a plan that was looked at before", async () => {
    const { mean } = createWorld();
    const target = mean({ squares: { numbers: { n: 4 } }, count: { numbers: { n: 4 } } }, { dataDir: memoryStore() });
    const planned = await plan(target);
    expect((await run(planned)).generated).toBe(4);
    await expect(run(planned, { draws: 2 })).rejects.toThrow(InvalidRunOptionsError);
  });

  test("generates again what is forced, and only that", async () => {
    const { generated, squares } = createWorld();
    const dataDir = memoryStore();
    const target = squares({ numbers: { n: 2 } }, { dataDir });
    await run(target);
    generated.length = 0;
    await run(target, { force: [target] });
    expect(generated).toEqual(["squares"]);
  });

  test("makes as many draws as it is told to, from the same upstream payload", async () => {
    const generated: string[] = [];
    const base = definePersistable({ name: "base", generate: () => generated.push("base") });
    const noisy = definePersistable({
      name: "noisy",
      dependencies: { base },
      generate: async ({ dependencies, seed }) => {
        generated.push("noisy");
        return [await dependencies.base.payload, seed];
      },
    });
    const dataDir = memoryStore();
    expect(await run(noisy({}, { dataDir }), { draws: 3 })).toMatchObject({ generated: 4 });
    expect(generated).toEqual(["base", "noisy", "noisy", "noisy"]);
    const seeds = await Promise.all([0, 1, 2].map(async (draw) => (await noisy({}, { dataDir, draw }).load())[1]));
    expect(new Set(seeds).size).toBe(3);
  });

  test("hands out what is untracked", async () => {
    const echo = definePersistable({ name: "echo", generate: ({ untracked }) => untracked });
    const target = echo({}, { dataDir: memoryStore() });
    await run(target, { untracked: { verbose: true } });
    expect(await target.payload).toEqual({ verbose: true });
  });

  test("lets go of payloads that nothing needs any more, and keeps those of its targets", async () => {
    const { mean } = createWorld();
    const heard: string[] = [];
    const target = mean(
      { squares: { numbers: { n: 4 } }, count: { numbers: { n: 4 } } },
      { dataDir: memoryStore(), onEvent: ({ type, name }) => heard.push(`${type} ${name}`) },
    );
    await run(target);
    heard.length = 0;
    await target.payload;
    expect(heard).toEqual([]);
    await target.dependencies.squares.payload;
    expect(heard).toContain("hit squares");
    heard.length = 0;
    const again = target.dependencies.squares;
    await again.payload;
    expect(heard).toEqual([]);
  });

  test("lets go of its targets too where it is told to", async () => {
    const { squares } = createWorld();
    const heard: string[] = [];
    const target = squares(
      { numbers: { n: 4 } },
      { dataDir: memoryStore(), onEvent: ({ type, name }) => heard.push(`${type} ${name}`) },
    );
    await run(target, { keepPayloads: false });
    heard.length = 0;
    await target.payload;
    expect(heard).toEqual(["hit squares"]);
  });

  test("keeps to its concurrency and to its pools", async () => {
    let running = 0;
    let most = 0;
    let onGpu = 0;
    let mostOnGpu = 0;
    const work = definePersistable({
      name: "work",
      params: typedParams<{ i: number }>(),
      pools: { gpu: 2 },
      generate: async ({ params }) => {
        most = Math.max(most, ++running);
        mostOnGpu = Math.max(mostOnGpu, ++onGpu);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        onGpu--;
        return params.i;
      },
    });
    const dataDir = memoryStore();
    const targets = Array.from({ length: 12 }, (_, i) => work({ i }, { dataDir }));
    await run(targets.slice(0, 6), { concurrency: 3 });
    expect(most).toBe(3);
    await run(targets.slice(6), { concurrency: 6, pools: { gpu: 4 } });
    expect(mostOnGpu).toBe(3);
    most = 0;
    mostOnGpu = 0;
    const more = Array.from({ length: 6 }, (_, i) => work({ i: i + 100 }, { dataDir }));
    await run(more, { concurrency: 6, pools: { gpu: 4 } });
    expect(mostOnGpu).toBe(2);
    const impossible = run([work({ i: 1000 }, { dataDir })], { pools: { gpu: 1 } });
    await expect(impossible).rejects.toThrow(InvalidRunOptionsError);
    await expect(impossible).rejects.toThrow('work takes 2 of the pool "gpu", which has 1');
  });

  test.each<[RunOptions, RegExp]>([
    [{ concurrency: 0 }, /concurrency is 0/],
    [{ concurrency: 1.5 }, /concurrency is 1.5/],
    [{ draws: -1 }, /draws is -1/],
    [{ timeoutMs: 0 }, /timeoutMs is 0/],
    [{ retries: -1 }, /retries is -1/],
    [{ pools: { gpu: 0 } }, /pools\.gpu is 0/],
    [{ rateLimits: { api: { limit: 1, intervalMs: Number.NaN } } }, /rateLimits\.api\.intervalMs is NaN/],
  ])("refuses %o before anything begins", async (options, message) => {
    const { generated, numbers } = createWorld();
    await expect(run(numbers({ n: 1 }, { dataDir: memoryStore() }), options)).rejects.toThrow(message);
    expect(generated).toEqual([]);
  });
});

/** good, bad (fails while `isBroken`), afterBad, afterGood. */
function createBrokenWorld() {
  const world = { isBroken: true, attempts: 0, log: [] as string[] };
  const good = definePersistable({ name: "good", generate: () => world.log.push("good") });
  const bad = definePersistable({
    name: "bad",
    params: typedParams<{ k: number }>(),
    generate: () => {
      world.attempts++;
      if (world.isBroken) throw new Error("no luck today");
      return "luck";
    },
  });
  const afterBad = definePersistable({
    name: "after_bad",
    dependencies: { bad },
    generate: async ({ dependencies }) => dependencies.bad.payload,
  });
  const besides = definePersistable({
    name: "besides",
    dependencies: { bad, good },
    generate: async ({ dependencies }) => dependencies.good.payload,
  });
  const afterGood = definePersistable({
    name: "after_good",
    dependencies: { good },
    generate: async ({ dependencies }) => dependencies.good.payload,
  });
  const dataDir = memoryStore();
  const targets = () => [
    afterBad({ bad: { k: 1 } }, { dataDir }),
    besides({ bad: { k: 1 } }, { dataDir }),
    afterGood({}, { dataDir }),
  ];
  return { world, bad, dataDir, targets };
}

describe("where something fails", () => {
  test("a run stops: nothing more is begun", async () => {
    const { targets } = createBrokenWorld();
    const events: RunEvent[] = [];
    const result = await failed(run(targets(), { concurrency: 1, onEvent: (event) => events.push(event) }));
    expect(result).toMatchObject({ state: "failed", failed: 1 });
    expect(result.generated + result.cancelled).toBe(4);
    expect(result.cancelled).toBeGreaterThanOrEqual(3);
    expect(result.failures[0]).toMatchObject({ name: "bad", params: "{ k: 1 }", attempts: 1 });
    expect(events.filter(({ type }) => type === "cancelled")).toHaveLength(result.cancelled);
  });

  test("a run that goes on finishes what is not made from it", async () => {
    const { targets } = createBrokenWorld();
    const events: RunEvent[] = [];
    const running = run(targets(), { keepGoing: "independent", onEvent: (event) => events.push(event) });
    expect(await failed(running)).toMatchObject({ failed: 1, generated: 2, cancelled: 2 });
    expect(
      typesOf(events)
        .filter((type) => type.startsWith("cancelled"))
        .sort(),
    ).toEqual(["cancelled after_bad", "cancelled besides"]);
    const cancelled = events.find((event) => event.type === "cancelled");
    expect(cancelled).toMatchObject({ reason: "upstream-failed", because: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("a run that tries everything fails only where what failed is asked for, and does not generate it again", async () => {
    const { world, targets } = createBrokenWorld();
    const result = await failed(run(targets(), { keepGoing: "everything" }));
    expect(result).toMatchObject({ failed: 2, generated: 3, cancelled: 0 });
    expect(world.attempts).toBe(1);
    const [, second] = result.failures;
    expect(second).toMatchObject({ name: "after_bad", error: { cause: { message: "no luck today" } } });
    expect(second?.error).toBeInstanceOf(UpstreamFailedError);
    // What was refused in the run is not refused for ever.
    world.isBroken = false;
    expect(await run(targets(), { keepGoing: "everything" })).toMatchObject({ state: "completed" });
  });

  test("the error says what failed, how often, and what became of the rest", async () => {
    const { targets } = createBrokenWorld();
    const error = await run(targets(), { keepGoing: "independent" }).catch((caught: unknown) => caught as Error);
    expect((error as Error).message).toBe(
      "1 failed, 2 not done because of that, 2 generated, 0 there already:\n  bad { k: 1 }: no luck today",
    );
    expect((error as Error).cause).toMatchObject({ message: "no luck today" });
  });

  test("the failure is recorded, and forgotten by the next success", async () => {
    const { world, bad, dataDir, targets } = createBrokenWorld();
    const one = bad({ k: 1 }, { dataDir });
    expect(await readFailure(one)).toBeUndefined();
    await failed(run(targets(), { keepGoing: "independent" }));
    const failure = await readFailure(one);
    expect(failure).toMatchObject({ name: "bad", address: one.address, params: { k: 1 }, attempts: 1 });
    expect(failure?.error).toMatchObject({ name: "Error", message: "no luck today" });
    expect(await one.isPersisted()).toBe(false);
    expect((await one.explain()).state).toBe("miss");
    world.isBroken = false;
    expect(await run(targets())).toMatchObject({ state: "completed", generated: 3, hits: 2 });
    expect(await readFailure(one)).toBeUndefined();
  });

  test("it is tried again as often as the definition or the run allows", async () => {
    let attempts = 0;
    const flaky = definePersistable({
      name: "flaky",
      params: typedParams<{ fails: number }>(),
      generate: ({ params }) => {
        attempts++;
        if (attempts <= params.fails) throw new TypeError(`attempt ${attempts}`);
        return attempts;
      },
    });
    const events: RunEvent[] = [];
    const dataDir = memoryStore();
    const retries = { retries: 3, minDelayMs: 1, jitter: false } as const;
    await run(flaky({ fails: 2 }, { dataDir }), { retries, onEvent: (event) => events.push(event) });
    expect(typesOf(events).filter((type) => /retried|started|generated/.test(type))).toEqual([
      "started flaky",
      "retried flaky",
      "started flaky",
      "retried flaky",
      "started flaky",
      "generated flaky",
    ]);
    expect(events.filter((event) => event.type === "retried").map(({ delayMs }) => delayMs)).toEqual([1, 2]);
    attempts = 0;
    const result = await failed(run(flaky({ fails: 9 }, { dataDir }), { retries }));
    expect(result.failures[0]).toMatchObject({ attempts: 4, error: { message: "attempt 4" } });
    attempts = 0;
    const picky = { ...retries, retryIf: (error: unknown) => !(error instanceof TypeError) };
    await failed(run(flaky({ fails: 8 }, { dataDir }), { retries: picky }));
    expect(attempts).toBe(1);
  });

  test("what was generated is told with its cost, even if the hook after it has failed once", async () => {
    let generated = 0;
    let called = 0;
    const hooked = definePersistable({
      name: "hooked",
      params: typedParams<{ forced: boolean }>(),
      generate: ({ cost }) => {
        cost({ usd: 0.25 });
        return ++generated;
      },
      afterGenerate: () => {
        called++;
        if (called === 1) throw new Error("the hook failed");
      },
    });
    for (const forced of [false, true]) {
      generated = 0;
      called = 0;
      const target = hooked({ forced }, { dataDir: memoryStore() });
      const events: RunEvent[] = [];
      const result = await run(target, {
        retries: { retries: 1, minDelayMs: 1 },
        ...(forced ? { force: [target] } : {}),
        onEvent: (event) => events.push(event),
      });
      expect(typesOf(events).filter((type) => /retried|generated|hit/.test(type))).toEqual([
        "retried hooked",
        "generated hooked",
      ]);
      expect(events.find(({ type }) => type === "generated")).toMatchObject({ cost: { usd: 0.25 }, attempt: 2 });
      expect(result).toMatchObject({ generated: 1, hits: 0, cost: { usd: 0.25 } });
      expect(await target.payload).toBe(1);
    }
  });

  test("a definition's own retries go before those of the run", async () => {
    let attempts = 0;
    const flaky = definePersistable({
      name: "flaky",
      retries: { retries: 1, minDelayMs: 1 },
      generate: () => {
        attempts++;
        throw new Error("never");
      },
    });
    await failed(run(flaky({}, { dataDir: memoryStore() }), { retries: 5 }));
    expect(attempts).toBe(2);
  });

  test("an attempt that takes too long is one of them, and its generator is told", async () => {
    let wasTold = false;
    const slow = definePersistable({
      name: "slow",
      timeoutMs: 20,
      generate: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            wasTold = true;
            reject(signal.reason);
          });
        }),
    });
    const result = await failed(run(slow({}, { dataDir: memoryStore() })));
    expect(result.failures[0]?.error).toBeInstanceOf(GenerateTimeoutError);
    expect(wasTold).toBe(true);
  });
});

describe("a run that is aborted", () => {
  test("tells its generators, begins nothing more, and keeps what is finished", async () => {
    const abort = new AbortController();
    let wasTold = false;
    const quick = definePersistable({ name: "quick", generate: () => 1 });
    const slow = definePersistable({
      name: "slow",
      dependencies: { quick },
      generate: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            wasTold = true;
            setTimeout(() => reject(signal.reason), 20);
          });
          abort.abort(new Error("enough"));
        }),
    });
    const last = definePersistable({ name: "last", dependencies: { slow }, generate: () => 1 });
    const target = last({}, { dataDir: memoryStore() });
    const events: RunEvent[] = [];
    const error = await run(target, { signal: abort.signal, onEvent: (event) => events.push(event) }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(RunCancelledError);
    expect((error as RunCancelledError).result).toMatchObject({
      state: "cancelled",
      generated: 1,
      failed: 0,
      cancelled: 2,
    });
    expect((error as Error).cause).toMatchObject({ message: "enough" });
    expect(wasTold).toBe(true);
    expect(typesOf(events).slice(-3)).toEqual(["cancelled slow", "cancelled last", "finished"]);
    expect(await readFailure(target.dependencies.slow)).toBeUndefined();
    expect(await target.dependencies.slow.dependencies.quick.isPersisted()).toBe(true);
  });

  test("before it began does nothing", async () => {
    const { generated, numbers } = createWorld();
    const running = run(numbers({ n: 1 }, { dataDir: memoryStore() }), { signal: AbortSignal.abort() });
    await expect(running).rejects.toThrow();
    expect(generated).toEqual([]);
  });
});

describe("the record of a run", () => {
  test("lies in the data directory, the newest first", async () => {
    await using folder = await temporaryFolder();
    const { squares } = createWorld();
    const target: PersistableOf<typeof squares> = squares({ numbers: { n: 3 } }, { dataDir: folder.path });
    const first = await run(target);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await run(target);
    const runs = await listRuns(folder.path);
    expect(runs.map(({ runId }) => runId)).toEqual([second.runId, first.runId]);
    expect(runs[1]).toMatchObject({ state: "completed", generated: 2, hits: 0, pid: process.pid });
    expect(runs[1]?.nodes.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["numbers", "generated"],
      ["squares", "generated"],
    ]);
    expect(await listRuns(folder.path, { limit: 1 })).toHaveLength(1);
    await run(target, { keepRecord: false });
    expect(await readdir(`${folder.path}/.persistable/runs`)).toHaveLength(3);
  });

  test("says what failed, without secrets", async () => {
    const { dataDir, targets } = createBrokenWorld();
    await failed(run(targets(), { keepGoing: "independent" }));
    const [record] = await listRuns(dataDir);
    expect(record).toMatchObject({ state: "failed", failed: 1, cancelled: 2 });
    expect(record?.nodes.find(({ outcome }) => outcome === "failed")).toMatchObject({
      name: "bad",
      error: { message: "no luck today" },
    });
  });
});
