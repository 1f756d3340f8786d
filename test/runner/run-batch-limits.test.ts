import { expect, test } from "vitest";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { persistableMap, RunFailedError, run } from "../../src/entry/pipeline.ts";
import { RunBatchLimits } from "../../src/runner/schedule/run-batch-limits.ts";
import { withPausingClock } from "../support/pausing-clock.ts";

function createWorld(takes: number) {
  const dataDir = memoryStore();
  const seen = { running: 0, most: 0, startedMs: [] as number[] };
  const embeddings = persistableMap({
    name: "embeddings",
    item: (text: string) => text,
    batchSize: 1,
    pools: { api: takes },
    generateBatch: async ({ items }) => {
      seen.startedMs.push(performance.now());
      seen.most = Math.max(seen.most, ++seen.running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.running--;
      return items.map((text) => text.length);
    },
  });
  const lengths = definePersistable({
    name: "lengths",
    params: typedParams<{ letter: string }>(),
    generate: ({ params, signal }) => {
      const texts = Array.from({ length: 4 }, (_, i) => params.letter.repeat(i + 1));
      return embeddings({}, { dataDir }).load(texts, { concurrency: 4, signal });
    },
  });
  const targets = ["a", "b", "c"].map((letter) => lengths({ letter }, { dataDir }));
  return { dataDir, seen, embeddings, targets };
}

test("batches inside the generators of a run keep to its pools, all of them together", async () => {
  const { seen, targets } = createWorld(1);
  await run(targets, { concurrency: 3, pools: { api: 2 } });
  expect(seen.startedMs).toHaveLength(12);
  expect(seen.most).toBe(2);
  expect(await targets[2]?.payload).toEqual([1, 2, 3, 4]);
});

test("without a pool of that name, or outside a run, nothing holds them up", async () => {
  const { dataDir, seen, embeddings, targets } = createWorld(1);
  await run(targets, { concurrency: 3, pools: { gpu: 1 } });
  expect(seen.most).toBeGreaterThan(4);
  seen.most = 0;
  await embeddings({}, { dataDir }).load(["x", "xx", "xxx"], { concurrency: 3 });
  expect(seen.most).toBe(3);
});

test("they keep to its rate limits", async () => {
  const { seen, targets } = createWorld(1);
  const intervalMs = 60;
  await run(targets.slice(0, 2), { concurrency: 2, rateLimits: { api: { limit: 3, intervalMs } } });
  expect(seen.startedMs).toHaveLength(8);
  seen.startedMs.forEach((startedMs, i) => {
    const fourth = seen.startedMs[i + 3];
    // However long a batch takes from the permission to its beginning: the rate counts beginnings.
    if (fourth !== undefined) expect(fourth - startedMs).toBeGreaterThan(intervalMs);
  });
});

test("a batch that could never run is an error that says so", async () => {
  const { targets } = createWorld(3);
  const error = await run(targets, { pools: { api: 2 } }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RunFailedError);
  expect((error as Error).message).toContain('A batch of embeddings takes 3 of the pool "api", which has 2');
});

test("a run that is aborted does not wait for room", async () => {
  const { seen, targets } = createWorld(1);
  const abort = new AbortController();
  const running = run(targets, { concurrency: 3, pools: { api: 1 }, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 12);
  await expect(running).rejects.toThrow("cancelled");
  expect(seen.startedMs.length).toBeLessThan(12);
});

test("they go on where the process pauses between any two looks at the clock", async () => {
  const limits = new RunBatchLimits({ rateLimits: { api: { limit: 2, intervalMs: 5 } } });
  const done: number[] = [];
  await withPausingClock(() =>
    Promise.all(
      Array.from({ length: 200 }, (_, i) => limits.run("texts", { api: 1 }, undefined, async () => done.push(i))),
    ),
  );
  expect(done).toHaveLength(200);
});
