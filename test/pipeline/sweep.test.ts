import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definePersistable, InvalidParamsError, Persistable, typedParams, untracked } from "../../src/entry/index.ts";
import { InvalidSweepError } from "../../src/errors/pipeline-errors.ts";
import { axis, fixed, linear, logarithmic, logUniform, uniform } from "../../src/pipeline/sweep/axis.ts";
import { sweep } from "../../src/pipeline/sweep/sweep.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int(), randomState: z.int().default(100) }),
  generate: ({ params }) => Array.from({ length: params.n }, (_, i) => i),
});
const estimator = definePersistable({
  name: "estimator",
  params: z.object({ zThreshold: z.number(), kind: z.string().optional(), trim: z.number().optional() }),
  dependencies: { points },
  generate: async ({ params, dependencies }) => (await dependencies.points.payload).length * params.zThreshold,
});
const memory = { dataDir: "memory:sweep" };

interface Loose {
  readonly [key: string]: unknown;
}
const loose = definePersistable({ name: "loose", params: typedParams<Loose>(), generate: () => 1 });

describe("a grid", () => {
  test("gives each combination, upstream slowest, and its count beforehand", () => {
    const study = sweep(estimator, { zThreshold: [1, 2, 3], points: { n: [10, 100], randomState: 10 } }, memory);
    expect(study.count).toBe(6);
    expect([...study.trees()]).toEqual(
      [10, 100].flatMap((n) => [1, 2, 3].map((zThreshold) => ({ zThreshold, points: { n, randomState: 10 } }))),
    );
    const addresses = [...study].map(({ address }) => address);
    expect(addresses).toEqual([...study.trees()].map((tree) => estimator(tree, memory).address));
    expect(new Set(addresses).size).toBe(6);
  });

  test("is the cartesian product of its axes", () => {
    const values = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 4 });
    const top = definePersistable({
      name: "top",
      params: typedParams<{ a: number; b: number }>(),
      dependencies: { left: points, right: points },
      generate: () => 1,
    });
    fc.assert(
      fc.property(values, values, values, values, values, (a, b, n, randomState, m) => {
        const study = sweep(top, { a, left: { n, randomState }, b: linear(1, b.length, b.length), right: { n: m } });
        const expected = n.flatMap((n) =>
          randomState.flatMap((randomState) =>
            m.flatMap((m) =>
              a.flatMap((a) => b.map((_, i) => ({ a, b: i + 1, left: { n, randomState }, right: { n: m } }))),
            ),
          ),
        );
        expect(study.count).toBe(expected.length);
        expect([...study.trees()]).toEqual(expected);
      }),
    );
  });

  test("builds what points have in common once", () => {
    const study = sweep(estimator, { zThreshold: linear(1, 50, 50), points: { n: [1, 2, 3] } }, memory);
    expect(new Set([...study].map(({ dependencies }) => dependencies.points)).size).toBe(3);
  });

  test("builds a dependency once that stands under two roles", () => {
    const two = definePersistable({ name: "two", dependencies: { train: points, test: points }, generate: () => 1 });
    const built = [...sweep(two, { train: { n: [1, 2] }, test: { randomState: 100, n: [1, 2] } }, memory)];
    const all = built.flatMap(({ dependencies }) => [dependencies.train, dependencies.test]);
    // { n } and { n, randomState } are two until the schema has spoken.
    expect(new Set(all).size).toBe(4);
    const alike = [...sweep(two, { train: { n: [1, 2] }, test: { n: [1, 2] } }, memory)];
    expect(new Set(alike.flatMap(({ dependencies }) => [dependencies.train, dependencies.test])).size).toBe(2);
  });

  test("builds dependencies apart that differ in no more than a sign or a wrapper", () => {
    const above = definePersistable({ name: "above", dependencies: { loose }, generate: () => 1 });
    const built = [...sweep(above, { loose: { a: [0, -0, untracked(0), "0", null, fixed([0]).value] } }, memory)];
    expect(built.map(({ dependencies }) => dependencies.loose.params.a)).toEqual([0, -0, 0, "0", null, [0]]);
    expect(new Set(built.map(({ address }) => address)).size).toBe(6);
  });

  test("builds a dependency once that nobody names", () => {
    const plain = definePersistable({ name: "plain", generate: () => 1 });
    const above = definePersistable({
      name: "above",
      params: typedParams<{ n: number }>(),
      dependencies: { plain },
      generate: () => 1,
    });
    const study = sweep(above, { n: [1, 2, 3] }, memory);
    expect(new Set([...study].map(({ dependencies }) => dependencies.plain)).size).toBe(1);
    expect([...study.trees()]).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect([...study].map(({ address }) => address)).toEqual([1, 2, 3].map((n) => above({ n }, memory).address));
  });

  test("generates what points have in common once", async () => {
    await using folder = await temporaryFolder();
    const generated: string[] = [];
    const upstream = definePersistable({
      name: "upstream",
      params: z.object({ n: z.int() }),
      generate: ({ params }) => {
        generated.push(`upstream ${params.n}`);
        return params.n;
      },
    });
    const downstream = definePersistable({
      name: "downstream",
      params: z.object({ k: z.int() }),
      dependencies: { upstream },
      generate: async ({ params, dependencies }) => {
        generated.push("downstream");
        return params.k * (await dependencies.upstream.payload);
      },
    });
    const study = sweep(downstream, { k: [1, 2, 3], upstream: { n: [10, 20] } }, { dataDir: folder.path });
    const payloads = await Promise.all([...study].map(({ payload }) => payload));
    expect(payloads).toEqual([10, 20, 30, 20, 40, 60]);
    expect(generated.toSorted()).toEqual([...Array(6).fill("downstream"), "upstream 10", "upstream 20"]);
  });

  test("says beforehand what it is expected to take", async () => {
    await using folder = await temporaryFolder();
    const grid = { zThreshold: [1, 2, 3], points: { n: [10, 20] } };
    const study = sweep(estimator, grid, { dataDir: folder.path, draws: 2 });
    expect(await study.expect()).toMatchObject({
      points: 6,
      counts: { hit: 0, notNeeded: 0 },
      expected: { unknown: ["estimator", "points"] },
    });
    const [first] = study;
    await first?.payload;
    const later = await study.expect();
    expect(later).toMatchObject({ points: 6, counts: { hit: 2 }, expected: { unknown: [] } });
    expect(later.expected.durationMs).toBeGreaterThanOrEqual(0);
  });

  test("takes an array for an axis, and what fixed holds for a value", () => {
    expect([...sweep(loose, { a: [1, 2], b: fixed([1, 2]), c: axis([[1], [2, 3]]) }).trees()]).toEqual([
      { a: 1, b: [1, 2], c: [1] },
      { a: 1, b: [1, 2], c: [2, 3] },
      { a: 2, b: [1, 2], c: [1] },
      { a: 2, b: [1, 2], c: [2, 3] },
    ]);
  });

  test("counts a value once that stands twice in an axis, and tells -0 from 0", () => {
    expect([...sweep(loose, { a: [1, 1, 0, -0] }).trees()]).toEqual([{ a: 1 }, { a: 0 }, { a: -0 }]);
  });

  test("leaves out what is undefined", () => {
    expect([
      ...sweep(estimator, {
        zThreshold: 1,
        trim: [0.1],
        kind: [undefined, "x"],
        points: { n: 1 },
      }).trees(),
    ]).toEqual([
      { zThreshold: 1, trim: 0.1, points: { n: 1 } },
      { zThreshold: 1, trim: 0.1, kind: "x", points: { n: 1 } },
    ]);
  });

  test("takes any key for a parameter", () => {
    const grid = JSON.parse('{"__proto__": [1, 2], "a.b": [3], "constructor": 4}') as { readonly a: number };
    expect([...sweep(loose, grid).trees()].map((tree) => JSON.stringify(tree))).toEqual([
      '{"__proto__":1,"a.b":3,"constructor":4}',
      '{"__proto__":2,"a.b":3,"constructor":4}',
    ]);
  });

  test("keeps untracked values untracked", () => {
    const [first, second] = sweep(estimator, { zThreshold: [untracked(1), untracked(2)], points: { n: 1 } }, memory);
    expect(first?.address).toBe(second?.address);
    expect([first?.params.zThreshold, second?.params.zThreshold]).toEqual([1, 2]);
  });

  test("takes persistables, and trees, in the place of a role's grid", () => {
    const built = points({ n: 7 }, memory);
    const study = sweep(estimator, { zThreshold: [1, 2], points: axis([built, { n: 8 }]) }, memory);
    const all = [...study];
    expect(all.map(({ params, dependencies }) => [dependencies.points.params.n, params.zThreshold])).toEqual([
      [7, 1],
      [7, 2],
      [8, 1],
      [8, 2],
    ]);
    expect(all[0]?.dependencies.points).toBe(built);
    expect(all[2]?.dependencies.points).toBe(all[3]?.dependencies.points);
  });

  test("takes persistables under the role of a class, and no tree", () => {
    class Numbers extends Persistable<number[], { n: number }> {
      static override readonly payloadName = "numbers";
      protected override generatePayload() {
        return [this.params.n];
      }
    }
    const mean = definePersistable({ name: "mean", dependencies: { numbers: Numbers }, generate: () => 1 });
    const numbers = [1, 2].map((n) => new Numbers({ params: { n }, ...memory }));
    expect([...sweep(mean, { numbers }, memory)].map(({ dependencies }) => dependencies.numbers)).toEqual(numbers);
    expect(() => sweep(mean, { numbers: { n: 1 } } as never)).toThrow(InvalidSweepError);
    for (const late of [[{ n: 1 }], () => ({ n: 1 }), [3]])
      expect(() => [...sweep(mean, { numbers: late } as never)]).toThrow(expect.objectContaining({ path: "numbers" }));
  });

  test("freezes its trees", () => {
    const [tree] = sweep(estimator, { zThreshold: 1, points: { n: 1 } }).trees();
    expect(Object.isFrozen(tree) && Object.isFrozen(tree?.points)).toBe(true);
  });

  test("gives each draw of each point", () => {
    const study = sweep(estimator, { zThreshold: [1, 2], points: { n: 1 } }, { ...memory, draws: 3 });
    expect(study.count).toBe(6);
    expect([...study].map(({ address }) => address)).toEqual(
      [1, 2].flatMap((zThreshold) =>
        [0, 1, 2].map((draw) => estimator({ zThreshold, points: { n: 1 } }, { ...memory, draw }).address),
      ),
    );
    expect([...study.trees()]).toHaveLength(2);
  });

  test("fails where a point is built that the schema refuses", () => {
    const study = sweep(estimator, { zThreshold: [1, 2], points: { n: [1, 0.5] } }, memory);
    const walk = study[Symbol.iterator]();
    expect([walk.next().done, walk.next().done]).toEqual([false, false]);
    expect(() => walk.next()).toThrow(InvalidParamsError);
  });

  test("can be gone through again, and by two at a time", () => {
    const study = sweep(estimator, { zThreshold: (point) => point.points.n * 2, points: { n: [1, 2, 3] } });
    const left = study.trees()[Symbol.iterator]();
    const right = study.trees()[Symbol.iterator]();
    const pairs = [1, 2, 3].map(() => [left.next().value, right.next().value]);
    for (const [a, b] of pairs) expect(a).toEqual(b);
    expect(pairs.map(([a]) => a)).toEqual([...study.trees()]);
  });
});

describe("ranges", () => {
  test("have both ends, and numbers without rounding errors", () => {
    const [one] = sweep(loose, { v: 1 }).trees();
    expect(one).toEqual({ v: 1 });
    const all = (range: { readonly length: number; at(i: number): number }) =>
      Array.from({ length: range.length }, (_, i) => range.at(i));
    expect(all(linear(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(all(linear(0.1, 0.5, 5))).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(all(linear(3, 1, 3))).toEqual([3, 2, 1]);
    expect(all(linear(2, 9, 1))).toEqual([2]);
    expect(all(logarithmic(1e-4, 1, 5))).toEqual([1e-4, 1e-3, 1e-2, 1e-1, 1]);
    expect(all(logarithmic(64, 1, 4))).toEqual([64, 16, 4, 1]);
    expect(all(logarithmic(Math.PI, Math.E, 2))).toEqual([Math.PI, Math.E]);
  });

  test("refuse what has no values", () => {
    for (const wrong of [
      () => linear(0, 1, 0),
      () => linear(0, Number.POSITIVE_INFINITY, 2),
      () => linear(0, 1, 1.5),
      () => logarithmic(0, 1, 2),
      () => uniform(0, Number.NaN),
      () => logUniform(-1, 1),
    ])
      expect(wrong).toThrow(InvalidSweepError);
  });
});

describe("zipped axes", () => {
  test("move together, at any depth", () => {
    const study = sweep(
      estimator,
      { zThreshold: [1, 2, 2], trim: [0, 1], points: { n: [10, 20, 30] } },
      { zip: [["zThreshold", "points.n"]] },
    );
    expect(study.count).toBe(6);
    expect([...study.trees()].map((tree) => [tree.zThreshold, (tree.points as { n: number }).n, tree.trim])).toEqual([
      [1, 10, 0],
      [1, 10, 1],
      [2, 20, 0],
      [2, 20, 1],
      [2, 30, 0],
      [2, 30, 1],
    ]);
  });

  test("are the product of their groups", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(lengths, ([x = 1, y = 1, w = 1]) => {
        const upTo = (length: number) => Array.from({ length }, (_, i) => i);
        const study = sweep(
          loose,
          { a: upTo(x), b: upTo(y), c: upTo(x).map((i) => -i), d: upTo(w), e: upTo(y).map((i) => i * i) },
          {
            zip: [
              ["a", "c"],
              ["e", "b"],
            ],
          },
        );
        const expected = upTo(x).flatMap((a) =>
          upTo(y).flatMap((b) => upTo(w).map((d) => ({ a, b, c: a === 0 ? 0 : -a, d, e: b * b }))),
        );
        const plus = (trees: readonly object[]) => JSON.stringify(trees);
        expect(plus([...study.trees()])).toBe(plus(expected));
        expect(study.count).toBe(expected.length);
      }),
    );
  });

  test.each([
    ["of different lengths", { a: [1, 2], b: [1] }, [["a", "b"]], "b", /1 values and is zipped with a, which has 2/],
    ["that are none", { a: [1, 2], b: 1 }, [["a", "b"]], "b", /is not an axis of this grid. There are a\./],
    ["alone", { a: [1, 2] }, [["a"]], "zip[0]", /fewer than two/],
    [
      "twice",
      { a: [1], b: [1], c: [1] },
      [
        ["a", "b"],
        ["b", "c"],
      ],
      "b",
      /twice/,
    ],
  ])("are refused %s", (_, grid, zip, path, message) => {
    const attempt = () => sweep(loose, grid, { zip });
    expect(attempt).toThrow(expect.objectContaining({ code: "PERSISTABLE_INVALID_SWEEP", path }));
    expect(attempt).toThrow(message);
  });
});

describe("functions", () => {
  test("give values, axes, or nothing", () => {
    const study = sweep(loose, {
      weighting: ["bm25", "tfidf"],
      k1: (point) => (point.weighting === "bm25" ? axis([1.2, 1.6]) : undefined),
      b: (point) => (point.k1 === undefined ? undefined : [0.5, 0.75, 0.5]),
      label: (point) => `${point.weighting} ${point.k1} ${point.b}`,
    });
    expect([...study.trees()]).toEqual([
      { weighting: "bm25", k1: 1.2, b: 0.5, label: "bm25 1.2 0.5" },
      { weighting: "bm25", k1: 1.2, b: 0.75, label: "bm25 1.2 0.75" },
      { weighting: "bm25", k1: 1.6, b: 0.5, label: "bm25 1.6 0.5" },
      { weighting: "bm25", k1: 1.6, b: 0.75, label: "bm25 1.6 0.75" },
      { weighting: "tfidf", label: "tfidf undefined undefined" },
    ]);
    expect(study.count).toBe(5);
  });

  test("see params, whatever stands under a role", () => {
    const seen = (given: object) =>
      [...sweep(estimator, { zThreshold: (point) => point.points.n + 0.5, points: given as never }).trees()].map(
        ({ zThreshold }) => zThreshold,
      );
    expect(seen({ n: [1, untracked(2)] })).toEqual([1.5, 2.5]);
    expect(seen([points({ n: 3 }), { n: untracked(4) }])).toEqual([3.5, 4.5]);
  });

  test("work upstream, from params of the root, and what agrees is built once", () => {
    const study = sweep(
      estimator,
      { zThreshold: [1, 2, 3, 4], points: { n: (_, root) => (root.zThreshold > 2 ? 20 : 10), randomState: [1, 2] } },
      memory,
    );
    const all = [...study];
    expect(all.map(({ params, dependencies: { points } }) => [params.zThreshold, points.params.n])).toEqual(
      [1, 2].flatMap(() => [1, 2, 3, 4].map((zThreshold) => [zThreshold, zThreshold > 2 ? 20 : 10])),
    );
    expect(new Set(all.map(({ dependencies }) => dependencies.points)).size).toBe(4);
  });

  test("give dependencies", () => {
    const built = points({ n: 5 }, memory);
    const study = sweep(
      estimator,
      { zThreshold: [1, 2], points: (point) => (point.zThreshold === 1 ? axis([built, { n: 6 }]) : { n: 6 }) },
      memory,
    );
    const all = [...study];
    expect(all.map(({ dependencies }) => dependencies.points.params.n)).toEqual([5, 6, 6]);
    expect(all[1]?.dependencies.points).toBe(all[2]?.dependencies.points);
  });

  test("cannot read what is worked out later", () => {
    const study = sweep(loose, { a: (point) => point.b, b: () => 1 });
    expect(() => [...study.trees()]).toThrow(expect.objectContaining({ path: "b", name: "InvalidSweepError" }));
    expect(() => study.count).toThrow(InvalidSweepError);
    const late = sweep(loose, { a: () => [1, 2], b: (point) => (point.a === 2 ? point.c : 0), c: () => 3 });
    const walk = late.trees()[Symbol.iterator]();
    expect(walk.next().value).toEqual({ a: 1, b: 0, c: 3 });
    expect(() => walk.next()).toThrow(expect.objectContaining({ path: "c" }));
  });

  test("leave out what is undefined in their axes", () => {
    const study = sweep(loose, { a: () => axis([1, undefined, 2]), b: (point) => String(point.a) });
    expect([...study.trees()]).toEqual([{ a: 1, b: "1" }, { b: "undefined" }, { a: 2, b: "2" }]);
  });

  test("may not give an axis without values", () => {
    expect(() => [...sweep(loose, { a: () => [] }).trees()]).toThrow(expect.objectContaining({ path: "a" }));
  });

  test("choose points by where", () => {
    const study = sweep(
      estimator,
      { zThreshold: [1, 2, 3], points: { n: [1, 2, 3] } },
      { where: (point) => point.zThreshold < point.points.n, draws: 2 },
    );
    expect(study.count).toBe(6);
    expect([...study.trees()].map((tree) => tree.zThreshold)).toEqual([1, 1, 2]);
  });
});

describe("a sample", () => {
  const asText = (trees: Iterable<unknown>) => [...trees].map((tree) => JSON.stringify(tree));

  test("takes no point twice, and all of them in the end", () => {
    const length = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(length, length, fc.integer({ min: 1, max: 200 }), fc.maxSafeInteger(), (x, y, count, seed) => {
        const grid = { a: linear(1, x, x), b: linear(1, y, y) };
        const study = sweep(loose, grid, { sample: { count, seed } });
        const sampled = asText(study.trees());
        expect(sampled).toHaveLength(Math.min(count, x * y));
        expect(study.count).toBe(sampled.length);
        expect(new Set(sampled).size).toBe(sampled.length);
        const all = new Set(asText(sweep(loose, grid).trees()));
        expect(sampled.every((tree) => all.has(tree))).toBe(true);
      }),
    );
  });

  test("is the same for the same seed, for ever", () => {
    const grid = { a: linear(1, 100, 100), b: linear(1, 1000, 1000), c: uniform(0, 1), d: logUniform(1e-4, 1) };
    const take = (seed: number) => [...sweep(loose, grid, { sample: { count: 3, seed } }).trees()];
    expect(take(1)).toEqual(take(1));
    expect(take(1)).not.toEqual(take(2));
    expect(take(1)).toMatchInlineSnapshot(`
      [
        {
          "a": 99,
          "b": 79,
          "c": 0.8113504151840392,
          "d": 0.035045993185,
        },
        {
          "a": 92,
          "b": 187,
          "c": 0.7982627510197211,
          "d": 0.0863351321711,
        },
        {
          "a": 55,
          "b": 806,
          "c": 0.48132470094518776,
          "d": 0.00305157742849,
        },
      ]
    `);
  });

  test("only grows with its count", () => {
    for (const grid of [{ a: linear(1, 500, 500) }, { a: [1, 2], b: uniform(0, 1) }, { a: linear(1, 1e5, 1e5) }]) {
      const take = (count: number) => asText(sweep(loose, grid, { sample: { count, seed: 5 } }).trees());
      expect(take(100).slice(0, 10)).toEqual(take(10));
    }
  });

  test("reaches everywhere in a space of almost 2^53 points, without a list of them", () => {
    const side = 94_906_265;
    const study = sweep(
      loose,
      { a: linear(0, side - 1, side), b: linear(0, side - 1, side) },
      { sample: { count: 4000, seed: 1 } },
    );
    const all = [...study.trees()] as { readonly a: number; readonly b: number }[];
    expect(new Set(all.map(({ a, b }) => `${a} ${b}`)).size).toBe(4000);
    for (const key of ["a", "b"] as const) {
      const counts = new Array<number>(10).fill(0);
      for (const tree of all) {
        const tenth = Math.floor((tree[key] / side) * 10);
        counts[tenth] = (counts[tenth] ?? 0) + 1;
      }
      // 400 each, and a standard deviation of 19.
      expect(Math.min(...counts)).toBeGreaterThan(300);
      expect(Math.max(...counts)).toBeLessThan(500);
    }
  });

  test("goes through every point of a space that is too large to be listed", () => {
    const size = 70_001;
    const seen = new Set<unknown>();
    let inPlace = 0;
    for (const { a } of sweep(loose, { a: linear(0, size - 1, size) }, { sample: { count: size, seed: 3 } }).trees()) {
      if (a === seen.size) inPlace++;
      seen.add(a);
    }
    expect(seen.size).toBe(size);
    expect(inPlace).toBeLessThan(20);
  });

  test("takes each combination of a small space about as often first", () => {
    const firsts = new Map<unknown, number>();
    for (let seed = 0; seed < 3000; seed++) {
      const [tree] = sweep(loose, { a: [0, 1, 2], b: [0, 1] }, { sample: { count: 1, seed } }).trees();
      const text = JSON.stringify(tree);
      firsts.set(text, (firsts.get(text) ?? 0) + 1);
    }
    // 500 each, and a standard deviation of 20.
    expect([...firsts.values()].every((count) => count > 400 && count < 600)).toBe(true);
    expect(firsts.size).toBe(6);
  });

  test("draws from ranges, with all combinations of the axes equally often", () => {
    const study = sweep(
      loose,
      { kind: ["a", "b"], share: uniform(2, 4), rate: logUniform(1e-3, 1e3) },
      { sample: { count: 1000, seed: 9 } },
    );
    expect(study.count).toBe(1000);
    const all = [...study.trees()] as { readonly kind: string; readonly share: number; readonly rate: number }[];
    expect(all.filter(({ kind }) => kind === "a")).toHaveLength(500);
    expect(all.every(({ share, rate }) => share >= 2 && share < 4 && rate >= 1e-3 && rate <= 1e3)).toBe(true);
    expect(new Set(all.map(({ share }) => share)).size).toBe(1000);
    // Half of them each, and a standard deviation of 16.
    expect(Math.abs(all.filter(({ share }) => share < 3).length - 500)).toBeLessThan(100);
    expect(Math.abs(all.filter(({ rate }) => rate < 1).length - 500)).toBeLessThan(100);
  });

  test("takes no point twice where functions give axes, and all of them in the end", () => {
    const grid = {
      kind: ["plain", "wide", "deep"],
      size: ({ kind }: Loose) => (kind === "plain" ? undefined : linear(1, 5, 5)),
      depth: ({ kind, size }: Loose) => (kind === "deep" ? linear(1, size as number, size as number) : undefined),
    };
    const all = asText(sweep(loose, grid).trees());
    expect(all).toHaveLength(1 + 5 + 15);
    const take = (count: number) => asText(sweep(loose, grid, { sample: { count, seed: 4 } }).trees());
    expect(take(100).toSorted()).toEqual(all.toSorted());
    expect(new Set(take(10)).size).toBe(10);
    expect(take(10)).toEqual(take(100).slice(0, 10));
    const line = sweep(loose, { a: () => linear(1, 100, 100) }, { sample: { count: 50, seed: 4 } });
    const numbers = [...line.trees()].map(({ a }) => a as number);
    expect(new Set(numbers).size).toBe(50);
    expect(Math.max(...numbers)).toBeGreaterThan(90);
  });

  test("draws where a function says so", () => {
    const grid = { kind: ["a", "b"], rate: ({ kind }: Loose) => (kind === "a" ? uniform(0, 1) : undefined) };
    const all = asText(sweep(loose, grid, { sample: { count: 11, seed: 4 } }).trees());
    expect(all.filter((tree) => tree === '{"kind":"b"}')).toHaveLength(1);
    expect(new Set(all).size).toBe(11);
    expect(() => [...sweep(loose, grid).trees()]).toThrow(expect.objectContaining({ path: "rate" }));
  });

  test("keeps what where allows, and says when it allows nothing", () => {
    const sample = { count: 20, seed: 1 };
    const half = sweep(loose, { a: uniform(0, 1) }, { sample, where: ({ a }) => (a as number) < 0.5 });
    expect([...half.trees()]).toHaveLength(20);
    const few = sweep(loose, { a: uniform(0, 1) }, { sample, where: ({ a }) => (a as number) < 1e-4 });
    expect(few.count).toBe(20);
    const none = sweep(loose, { a: uniform(0, 1) }, { sample, where: () => false });
    expect(() => none.count).toThrow(expect.objectContaining({ path: "where" }));
    expect([...sweep(loose, { a: linear(1, 1000, 1000) }, { sample, where: () => false }).trees()]).toEqual([]);
  });
});

describe("a wrong sweep is refused before anything is built", () => {
  test.each<[string, unknown, object, string, RegExp]>([
    ["an axis without values", { zThreshold: [], points: { n: 1 } }, {}, "zThreshold", /no values/],
    ["an axis without values upstream", { zThreshold: 1, points: { n: [] } }, {}, "points.n", /no values/],
    ["a range without a sample", { zThreshold: 1, points: { n: uniform(0, 1) } }, {}, "points.n", /sample/],
    ["a grid that is none", [1], {}, "the grid", /is not an object/],
    ["a role that is none", { zThreshold: 1, points: 3 }, {}, "points", /is not an object/],
    ["a value under a role", { zThreshold: 1, points: fixed(3) }, {}, "points", /dependency/],
    ["no draws", { zThreshold: 1, points: { n: 1 } }, { draws: 0 }, "draws", /0 is not a number/],
    ["a sample of none", { zThreshold: 1, points: { n: 1 } }, { sample: { count: 0, seed: 1 } }, "sample.count", /0/],
    [
      "a seed that is none",
      { zThreshold: 1, points: { n: 1 } },
      { sample: { count: 1, seed: 0.5 } },
      "sample.seed",
      /0\.5/,
    ],
    [
      "more points than can be counted",
      { zThreshold: linear(0, 1, 1e8), points: { n: linear(0, 1, 1e8) } },
      {},
      "points.n, zThreshold",
      /1\.0e\+16 points/,
    ],
    [
      "more draws than can be counted",
      { zThreshold: linear(0, 1, 1e8), points: { n: 1 } },
      { draws: 1e8 },
      "draws",
      /counted/,
    ],
  ])("%s", (_, grid, options, path, message) => {
    const attempt = () => sweep(estimator, grid as never, options);
    expect(attempt).toThrow(expect.objectContaining({ code: "PERSISTABLE_INVALID_SWEEP", path }));
    expect(attempt).toThrow(message);
  });
});
