import { definePersistable, memoryStore, secret, typedParams } from "persistable-ts";
import { type PlanJson, plan, run, type SweepJson, sweep } from "persistable-ts/pipeline";
import { expect, test } from "vitest";

const KEY = "correct-horse-battery-staple";

const points = definePersistable({
  name: "points",
  version: 3,
  params: typedParams<{ n: number; since?: Date }>(),
  generate: ({ params, cost }) => {
    cost({ usd: params.n });
    return params.n;
  },
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number | bigint; note?: string; key?: unknown }>(),
  dependencies: { points },
  generate: async ({ dependencies }) => dependencies.points.payload,
});

function jsonOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("a plan as JSON says of each node what it is, why it is missing, and what it is made from", async () => {
  const dataDir = memoryStore();
  await run(estimator({ zThreshold: 3, points: { n: 10 } }, { dataDir }));
  const planned = await plan([
    estimator({ zThreshold: Number.NaN, points: { n: 10 } }, { dataDir }),
    estimator({ zThreshold: 5n, points: { n: 10, since: new Date(0) } }, { dataDir, draw: 2 }),
  ]);
  const json = jsonOf(planned) as PlanJson;
  expect(json.counts).toEqual(planned.counts);
  expect(json.expected).toEqual(planned.expected);
  expect(json.nodes.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  const [there, first, fresh, second] = json.nodes;
  expect(there).toEqual({
    ...{ index: 0, name: "points", address: planned.nodes[0]?.address, state: "hit", version: 3 },
    ...{ isTarget: false, isNeeded: true, isForced: false, params: { n: 10 }, dependencies: [] },
  });
  expect(first).toMatchObject({
    ...{ state: "miss", isTarget: true, params: { zThreshold: { $number: "NaN" } }, dependencies: [0] },
    reason: {
      kind: "params-changed",
      changes: [{ what: "param", roles: [], key: "zThreshold", value: { $number: "NaN" }, nearestValue: 3 }],
    },
  });
  expect(fresh).toMatchObject({
    params: { n: 10, since: { $date: "1970-01-01T00:00:00.000Z" } },
    expectedCost: { usd: 10 },
  });
  expect(second).toMatchObject({
    state: "blocked",
    draw: 2,
    params: { zThreshold: { $bigint: "5" } },
    dependencies: [2],
  });
  const cause = json.causes.find(({ key }) => key === "zThreshold");
  expect(cause).toEqual({
    ...{ what: "param", name: "estimator", key: "zThreshold", count: 2, nodes: [1, 3] },
    values: [
      { value: { $number: "NaN" }, nearestValue: 3 },
      { value: { $bigint: "5" }, nearestValue: 3 },
    ],
  });
});

test("neither a plan nor a sweep as JSON has a secret in it", async () => {
  const dataDir = memoryStore();
  await run(estimator({ zThreshold: 3, note: "none", points: { n: 1 } }, { dataDir }));
  const swept = sweep(
    estimator,
    { zThreshold: [3, 4], note: `with ${KEY}`, key: secret(KEY), points: { n: 1 } },
    { dataDir },
  );
  const texts = [JSON.stringify(await plan(swept)), JSON.stringify(swept)];
  for (const text of texts) {
    expect(text).toContain("note");
    expect(text).not.toContain(KEY);
  }
});

test("a sweep as JSON has the params tree and the address of each of its targets", async () => {
  const swept = sweep(estimator, { zThreshold: [1, 2], points: { n: 7 } }, { dataDir: memoryStore(), draws: 2 });
  const built = [...swept];
  const json = jsonOf(swept) as SweepJson;
  expect(json).toMatchObject({ name: "estimator", count: 4 });
  expect(json.targets.map(({ address }) => address)).toEqual(built.map(({ address }) => address));
  expect(json.targets[3]).toEqual({
    ...{ address: built[3]?.address, draw: 1 },
    params: { zThreshold: 2, points: { n: 7 } },
  });
});
