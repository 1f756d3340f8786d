import { expect, test } from "vitest";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { findNearest, run, sweep } from "../../src/entry/pipeline.ts";

function createWorld() {
  const dataDir = memoryStore();
  const points = definePersistable({
    name: "points",
    params: typedParams<{ n: number }>(),
    generate: ({ params }) => params.n,
  });
  const estimator = definePersistable({
    name: "estimator",
    params: typedParams<{ z: number | bigint; kind?: string }>(),
    dependencies: { points, reference: points },
    generate: () => 1,
  });
  return { dataDir, points, estimator };
}

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

test("big whole numbers have distances as well, and everything else is as far away as can be", async () => {
  const { dataDir, estimator } = createWorld();
  const rest = { points: { n: 10 }, reference: { n: 1 } };
  const study = sweep(estimator, { z: [2n ** 60n, 7, 2n ** 61n], ...rest }, { dataDir });
  await run(study);
  await run(estimator({ z: 3n ** 38n, kind: "x", ...rest }, { dataDir }));
  const nearest = await findNearest(estimator({ z: 2n ** 60n + 1n, ...rest }, { dataDir }));
  expect(nearest.map(({ record }) => record.params.z)).toEqual([2n ** 60n, 2n ** 61n, 7, 3n ** 38n]);
});

test("of two that are as near as each other, the newer one comes first", async () => {
  const { dataDir, estimator } = createWorld();
  const rest = { z: 1, points: { n: 10 }, reference: { n: 1 } };
  await estimator({ kind: "older", ...rest }, { dataDir }).payload;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await estimator({ kind: "newer", ...rest }, { dataDir }).payload;
  const nearest = await findNearest(estimator({ kind: "neither", ...rest }, { dataDir }));
  expect(nearest.map(({ record }) => record.params.kind)).toEqual(["newer", "older"]);
});

test("is aborted, and refuses what is no persistable", async () => {
  const { dataDir, points } = createWorld();
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(findNearest(points({ n: 1 }, { dataDir }), { signal })).rejects.toThrow("enough");
  await expect(findNearest({} as never)).rejects.toThrow(/What findNearest was given is an object/);
});
