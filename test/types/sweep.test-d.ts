import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { definePersistable, Persistable, typedParams, untracked } from "../../src/entry/index.ts";
import {
  axis,
  fixed,
  linear,
  logUniform,
  persistableMap,
  sweep,
  type Targets,
  uniform,
} from "../../src/entry/pipeline.ts";

const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int(), randomState: z.int().default(100) }),
  generate: ({ params }) => new Float64Array(params.n),
});
const estimator = definePersistable({
  name: "estimator",
  params: z.object({
    zThreshold: z.number(),
    kind: z.enum(["mean", "median"]).optional(),
    trim: z.number().optional(),
  }),
  dependencies: { points },
  generate: async ({ dependencies }) => ({ mean: (await dependencies.points.payload).length }),
});
const network = definePersistable({
  name: "network",
  params: z.object({ layers: z.array(z.int()), tags: z.union([z.string(), z.array(z.string())]).optional() }),
  generate: () => 1,
});

test("each point is typed like what the definition gives", () => {
  const study = sweep(estimator, { zThreshold: [1, 2], points: { n: [10, 100] } });
  for (const built of study) {
    expectTypeOf(built).toEqualTypeOf<ReturnType<typeof estimator>>();
    expectTypeOf(built.params.zThreshold).toEqualTypeOf<number>();
    expectTypeOf(built.payload).resolves.toEqualTypeOf<{ mean: number }>();
    expectTypeOf(built.dependencies.points.params.n).toEqualTypeOf<number>();
  }
  for (const tree of study.trees()) estimator(tree);
  expectTypeOf(study).toExtend<Targets>();
  expectTypeOf(study.count).toBeNumber();
});

test("a parameter may be one value, many, untracked, a range or a function", () => {
  sweep(estimator, { zThreshold: 1, points: { n: 1 } });
  sweep(estimator, { zThreshold: linear(1, 2, 3), kind: axis(["mean", "median"]), points: { n: new Set([1]).size } });
  sweep(estimator, { zThreshold: untracked(1), kind: ["mean"], points: { n: [1, untracked(2)] } });
  sweep(estimator, { zThreshold: uniform(1, 2), points: { n: 1 } }, { sample: { count: 3, seed: 1 } });
  // @ts-expect-error no number
  sweep(estimator, { zThreshold: 1, kind: logUniform(1, 2), points: { n: 1 } });
});

test("a wrong grid does not compile", () => {
  // @ts-expect-error missing parameter
  () => sweep(estimator, { points: { n: [1] } });
  // @ts-expect-error missing role
  () => sweep(estimator, { zThreshold: 1 });
  // @ts-expect-error missing parameter upstream
  () => sweep(estimator, { zThreshold: 1, points: {} });
  // @ts-expect-error unknown parameter
  () => sweep(estimator, { zThreshold: 1, zTreshold: 2, points: { n: 1 } });
  // @ts-expect-error unknown parameter upstream
  () => sweep(estimator, { zThreshold: 1, points: { n: 1, m: [2] } });
  // @ts-expect-error wrong value
  () => sweep(estimator, { zThreshold: "1", points: { n: 1 } });
  // @ts-expect-error wrong value in an array
  () => sweep(estimator, { zThreshold: [1, "2"], points: { n: 1 } });
  // @ts-expect-error wrong value in an axis
  () => sweep(estimator, { zThreshold: 1, kind: axis(["mean", "mode"]), points: { n: 1 } });
  // @ts-expect-error wrong value upstream
  () => sweep(estimator, { zThreshold: 1, points: { n: ["1"] } });
});

test("an array stands for itself only where that is said", () => {
  sweep(network, { layers: fixed([64, 32]) });
  sweep(network, { layers: axis([[64], [64, 32]]), tags: ["a", "b"].join() });
  sweep(network, { layers: () => fixed([64]), tags: axis(["a", ["b", "c"]]) });
  // @ts-expect-error one value, or two?
  () => sweep(network, { layers: [64, 32] });
  // @ts-expect-error arrays in an array
  () => sweep(network, { layers: [[64], [64, 32]] });
  // @ts-expect-error one value, or two?
  () => sweep(network, { layers: fixed([64]), tags: ["a", "b"] });
  // @ts-expect-error wrong value
  () => sweep(network, { layers: fixed(["64"]) });
});

test("a role takes persistables that are built", () => {
  const small = points({ n: 1 });
  sweep(estimator, { zThreshold: 1, points: small });
  sweep(estimator, { zThreshold: 1, points: [small, points({ n: 2 })] });
  sweep(estimator, { zThreshold: 1, points: axis([small, { n: 2 }]) });
  sweep(estimator, { zThreshold: 1, points: (point) => (point.zThreshold > 1 ? small : { n: 2 }) });
  const other = definePersistable({ name: "other", generate: () => "text" });
  // @ts-expect-error another payload
  () => sweep(estimator, { zThreshold: 1, points: other() });
  // @ts-expect-error another payload
  () => sweep(estimator, { zThreshold: 1, points: [small, other()] });
});

test("functions get the params of their level and of the root", () => {
  sweep(estimator, {
    zThreshold: [1, 2],
    kind: (point) => {
      expectTypeOf(point.zThreshold).toEqualTypeOf<number>();
      expectTypeOf(point.points.n).toEqualTypeOf<number>();
      return axis(["mean", "median"]);
    },
    trim: (point) => (point.kind === "mean" ? [0.1, 0.2] : undefined),
    points: {
      n: (point, root) => {
        expectTypeOf(point.randomState).toEqualTypeOf<number | undefined>();
        expectTypeOf(root.zThreshold).toEqualTypeOf<number>();
        return root.zThreshold * 10;
      },
    },
  });
  // @ts-expect-error a required parameter cannot be left out
  () => sweep(estimator, { zThreshold: () => undefined, points: { n: 1 } });
  // @ts-expect-error wrong value
  () => sweep(estimator, { zThreshold: () => "1", points: { n: 1 } });
});

test("zipped paths are those of the tree", () => {
  const grid = { zThreshold: [1, 2], points: { n: [1, 2] } };
  sweep(estimator, grid, { zip: [["zThreshold", "points.n"]], where: (point) => point.points.n > point.zThreshold });
  // @ts-expect-error no such path
  () => sweep(estimator, grid, { zip: [["zThreshold", "points.m"]] });
  // @ts-expect-error no such parameter
  () => sweep(estimator, grid, { where: (point) => point.zTreshold > 1 });
});

test("a class cannot be swept, and stands under a role as it is built", () => {
  class Points extends Persistable<number[], { n: number }> {
    static override readonly payloadName = "points";
    protected override generatePayload() {
      return [this.params.n];
    }
  }
  const mean = definePersistable({
    name: "mean",
    params: typedParams<{ power: number }>(),
    dependencies: { points: Points },
    generate: () => 1,
  });
  sweep(mean, { power: [1, 2], points: [new Points({ params: { n: 1 } })] });
  // @ts-expect-error a class
  () => sweep(Points, { n: [1, 2] });
  // @ts-expect-error a class has no tree
  () => sweep(mean, { power: 1, points: { n: 1 } });
});

test("a parameter that looks like a wrapper is none", () => {
  const odd = definePersistable({
    name: "odd",
    params: typedParams<{ weight: { value: number }; n: number }>(),
    generate: () => 1,
  });
  sweep(odd, { weight: [{ value: 1 }], n: (point) => point.weight.value });
});

test("the params of a map upstream may have many values, too", () => {
  const embeddings = persistableMap({
    name: "embeddings",
    params: typedParams<{ model: string }>(),
    item: (text: string) => text,
    generateBatch: ({ items }) => items.map((text) => text.length),
  });
  const index = definePersistable({
    name: "index",
    dependencies: { embeddings },
    generate: ({ dependencies }) => dependencies.embeddings.load(["a"]),
  });
  sweep(index, { embeddings: { model: ["small", "large"] } });
  sweep(index, { embeddings: [embeddings({ model: "small" }), { model: "large" }] });
  // @ts-expect-error: a model is a text
  sweep(index, { embeddings: { model: [1] } });
});
