import { expect, test } from "vitest";
import { definePersistable, memoryStore, NotPersistedError, typedParams } from "../../src/index.ts";
import { diff, findNearest, run, sweep } from "../../src/pipeline.ts";

function createWorld(version?: number) {
  const dataDir = memoryStore();
  const points = definePersistable({
    name: "points",
    params: typedParams<{ n: number; note?: string }>(),
    ...(version === undefined ? {} : { version }),
    generate: ({ params }) => params.n,
  });
  const estimator = definePersistable({
    name: "estimator",
    params: typedParams<{ z: number; tags?: string[] }>(),
    dependencies: { points, reference: points },
    generate: async ({ dependencies, params }) => ((await dependencies.points.payload) > 50 ? params.z : 0),
    summarize: (payload) => ({ payload }),
  });
  return { dataDir, points, estimator };
}

test("two artifacts differ in params of the whole tree, each named once", async () => {
  const { dataDir, estimator } = createWorld();
  const before = estimator({ z: 1, tags: ["a"], points: { n: 10 }, reference: { n: 1 } }, { dataDir });
  const after = estimator({ z: 2, points: { n: 100, note: "x" }, reference: { n: 1 } }, { dataDir });
  await run([before, after]);
  const difference = await diff(before, after);
  expect(difference).toMatchObject({ isSameRecipe: false, versions: [], payload: "different" });
  expect(difference.params).toEqual([
    { path: "z", before: 1, after: 2 },
    { path: "tags", before: ["a"] },
    { path: "points.n", before: 10, after: 100 },
    { path: "points.note", after: "x" },
  ]);
  expect(difference.summary).toEqual([{ path: "payload", before: 0, after: 2 }]);
  expect(String(difference)).toMatch(
    /^params:\n {2}z: 1 → 2\n {2}tags: \["a"\] → \(none\)\n {2}points\.n: 10 → 100\n {2}points\.note: \(none\) → "x"\nsummary:\n {2}payload: 0 → 2\npayload: different\nprovenance:\n/,
  );
});

test("the same payload from other params is the same payload", async () => {
  const { dataDir, estimator } = createWorld();
  const before = estimator({ z: 1, points: { n: 10 }, reference: { n: 1 } }, { dataDir });
  const after = estimator({ z: 2, points: { n: 10 }, reference: { n: 1 } }, { dataDir });
  await run([before, after]);
  expect(await diff(before, after)).toMatchObject({ payload: "same", params: [{ path: "z", before: 1, after: 2 }] });
  const record = await before.record();
  if (record === undefined) throw new Error("no record");
  const itself = await diff(record, before);
  expect(itself).toMatchObject({ isSameRecipe: true, payload: "same", params: [], provenance: [], summary: [] });
});

test("versions and draws are named apart, upstream too; a shared dependency once", async () => {
  const one = createWorld();
  const other = createWorld(2);
  const before = one.estimator({ z: 1, points: { n: 10 }, reference: { n: 10 } }, { dataDir: one.dataDir });
  const after = other.estimator({ z: 1, points: { n: 10 }, reference: { n: 10 } }, { dataDir: other.dataDir, draw: 3 });
  await Promise.all([run(before), run(after)]);
  expect(await diff(before, after)).toMatchObject({
    params: [],
    versions: [
      { path: "draw", before: 0, after: 3 },
      { path: "points.version", after: 2 },
    ],
  });
});

test("what has no artifact cannot be compared, and the error says why there is none", async () => {
  const { dataDir, points } = createWorld();
  await expect(diff(points({ n: 1 }, { dataDir }), points({ n: 2 }, { dataDir }))).rejects.toThrow(NotPersistedError);
});

test("the nearest artifacts come first: fewest changes, then the closest numbers", async () => {
  const { dataDir, estimator } = createWorld();
  await run(sweep(estimator, { z: [1, 5, 100], points: { n: [10, 100] }, reference: { n: 1 } }, { dataDir }));
  const wanted = estimator({ z: 6, points: { n: 10 }, reference: { n: 1 } }, { dataDir });
  const nearest = await findNearest(wanted, { limit: 4 });
  expect(nearest.map(({ record }) => [record.params.z, (record.params.points as { n: number }).n])).toEqual([
    [5, 10],
    [1, 10],
    [100, 10],
    [5, 100],
  ]);
  expect(nearest[0]?.changes).toMatchObject([{ what: "param", key: "z", value: 6, nearestValue: 5 }]);
  const [itself] = await findNearest(estimator({ z: 5, points: { n: 10 }, reference: { n: 1 } }, { dataDir }));
  expect(itself?.changes).toEqual([]);
  expect(
    await findNearest(estimator({ z: 5, points: { n: 10 }, reference: { n: 1 } }, { dataDir: memoryStore() })),
  ).toEqual([]);
});
