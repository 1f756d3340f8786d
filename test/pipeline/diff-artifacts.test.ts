import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AnyPersistable,
  definePersistable,
  type Format,
  json,
  memoryStore,
  Persistable,
  text,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";
import { diff, run } from "../../src/entry/pipeline.ts";

class Link extends Persistable<number, { readonly seed: number }, Readonly<Record<string, AnyPersistable>>> {
  static override readonly payloadName = "link";
  protected override generatePayload(): number {
    return this.params.seed;
  }
}

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

test("of what has no artifact the recipe is compared, and nothing is generated", async () => {
  const { dataDir, points } = createWorld();
  const [before, after] = [points({ n: 1 }, { dataDir }), points({ n: 2, note: "x" }, { dataDir })];
  const params = [
    { path: "n", before: 1, after: 2 },
    { path: "note", after: "x" },
  ];
  expect(await diff(before, after)).toMatchObject({ params, payload: "unknown", provenance: [] });
  await after.payload;
  expect(await diff(before, after)).toMatchObject({ params, payload: "unknown", provenance: [] });
  expect(await before.isPersisted()).toBe(false);
});

test("its own version and draw stand by themselves", async () => {
  const [one, other] = [createWorld(1), createWorld(2)];
  const difference = await diff(
    one.points({ n: 1 }, { dataDir: one.dataDir }),
    other.points({ n: 1 }, { dataDir: other.dataDir, draw: 4 }),
  );
  expect(difference.version).toEqual({ path: "version", before: 1, after: 2 });
  expect(difference.draw).toEqual({ path: "draw", before: 0, after: 4 });
  expect(difference.isSameRecipe).toBe(false);
});

test("plain objects are taken apart, in params and in provenance; lists are one value", async () => {
  const dataDir = memoryStore();
  const network = definePersistable({
    name: "network",
    params: typedParams<{ model: { kind: string; layers: number[] } }>(),
    generate: ({ params, cost }) => {
      cost({ usd: params.model.layers.length });
      return 1;
    },
  });
  const before = network({ model: { kind: "mlp", layers: [1] } }, { dataDir });
  const after = network({ model: { kind: "mlp", layers: [1, 2] } }, { dataDir });
  await run([before, after]);
  const difference = await diff(before, after);
  expect(difference.params).toEqual([{ path: "model.layers", before: [1], after: [1, 2] }]);
  expect(difference.provenance).toContainEqual({ path: "cost.usd", before: 1, after: 2 });
  expect(difference.payload).toBe("same");
});

test("payloads in different formats are not compared, and the formats are named", async () => {
  const formats = [json(), text()];
  const [before, after] = formats.map((format, index) =>
    definePersistable({ name: "words", version: index, format: format as Format<string>, generate: () => "a" })(
      {},
      { dataDir: memoryStore() },
    ),
  );
  if (before === undefined || after === undefined) throw new Error("two were built");
  await run([before, after]);
  const difference = await diff(before, after);
  expect(difference).toMatchObject({ payload: "unknown", format: { before: "json", after: "text" } });
  expect(String(difference)).toContain('payload: unknown, in another format ("json" → "text")');
});

test("untracked values are outside of it, upstream too", async () => {
  const { dataDir, estimator } = createWorld();
  const before = estimator({ z: 1, points: { n: 10, note: untracked("x") }, reference: { n: 1 } }, { dataDir });
  const after = estimator({ z: 1, points: { n: 20, note: untracked("y") }, reference: { n: 1 } }, { dataDir });
  await run([before, after]);
  const [one, other] = await Promise.all([before.record(), after.record()]);
  if (one === undefined || other === undefined) throw new Error("both are there");
  const params = [{ path: "points.n", before: 10, after: 20 }];
  expect((await diff(one, other)).params).toEqual(params);
  expect((await diff(before, other)).params).toEqual(params);
});

test("where the lineage in a record is cut, the dependency is named and not what is in it", async () => {
  const dataDir = memoryStore();
  const chainOf = (seed: number): AnyPersistable => {
    let link: AnyPersistable = new Link({ dataDir, params: { seed }, dependencies: {} });
    for (let depth = 0; depth < 40; depth++) link = new Link({ params: { seed: 0 }, dependencies: { inner: link } });
    return link;
  };
  const { params } = await diff(chainOf(1), chainOf(2));
  expect(params).toHaveLength(1);
  expect(params[0]?.path).toMatch(/^inner(\.inner)+$/);
  expect(params[0]?.before).toMatch(/^link [0-9a-f]{8}…$/);
});

test("a record tells of its recipe what the persistable tells", async () => {
  const number = fc.constantFrom(0, -0, 1, Number.NaN);
  const tree = fc.record({ z: number, points: fc.record({ n: number }), reference: fc.record({ n: number }) });
  await fc.assert(
    fc.asyncProperty(tree, tree, async (left, right) => {
      const { dataDir, estimator } = createWorld();
      const [before, after] = [estimator(left, { dataDir }), estimator(right, { dataDir })];
      const built = await diff(before, after);
      const pairs = new Set<string>();
      const changed = (["points", "reference"] as const).flatMap((role) => {
        const pair = `${before.dependencies[role].address} ${after.dependencies[role].address}`;
        if (Object.is(left[role].n, right[role].n) || pairs.has(pair)) return [];
        pairs.add(pair);
        return [{ path: `${role}.n`, before: left[role].n, after: right[role].n }];
      });
      const own = Object.is(left.z, right.z) ? [] : [{ path: "z", before: left.z, after: right.z }];
      expect(built.params).toEqual([...own, ...changed]);
      expect(built.isSameRecipe).toBe(built.params.length === 0);
      await run([before, after]);
      const [one, other] = await Promise.all([before.record(), after.record()]);
      if (one === undefined || other === undefined) throw new Error("both are there");
      expect((await diff(one, other)).params).toEqual(built.params);
      expect((await diff(other, one)).params.map(({ path }) => path)).toEqual(built.params.map(({ path }) => path));
    }),
    { numRuns: 15 },
  );
});

test("what is neither a persistable nor a record is refused", async () => {
  const { dataDir, points } = createWorld();
  const built = points({ n: 1 }, { dataDir });
  for (const wrong of [undefined, null, "points", {}])
    await expect(diff(built, wrong as never)).rejects.toThrow(/The second of the two to compare is neither/);
});

test("sets that hold undefined can differ too", async () => {
  const sets = definePersistable({ name: "sets", params: typedParams<{ of: Set<unknown> }>(), generate: () => 1 });
  const dataDir = memoryStore();
  const [one, other] = [
    sets({ of: new Set([undefined, new Float64Array(), new Uint8Array()]) }, { dataDir }),
    sets({ of: new Set([new Map(), new Uint8Array(), {}]) }, { dataDir }),
  ];
  expect((await diff(one, other)).params.map(({ path }) => path)).toEqual(["of"]);
  expect((await diff(one, one)).params).toEqual([]);
});
