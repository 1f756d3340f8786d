import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { definePersistable, typedParams } from "../../src/entry/index.ts";
import { collect, sweep } from "../../src/entry/pipeline.ts";

const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int(), randomState: z.int().default(7) }),
  generate: () => new Float64Array(1),
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number; model?: { kind: string } }>(),
  dependencies: { points },
  generate: () => ({ mean: 1 }),
  summarize: ({ mean }) => ({ mean, label: "x" }),
});
const study = sweep(estimator, { zThreshold: [1], points: { n: 1 } });

test("a row has the params of the whole tree, the summary and the metrics with their types", async () => {
  const { rows } = await collect(study, { metrics: (payload) => ({ twice: payload.mean * 2 }) });
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  expectTypeOf(row.zThreshold).toEqualTypeOf<number>();
  expectTypeOf(row["points.n"]).toEqualTypeOf<number>();
  expectTypeOf(row["points.randomState"]).toEqualTypeOf<number>();
  expectTypeOf(row["summary.mean"]).toEqualTypeOf<number | undefined>();
  expectTypeOf(row["summary.label"]).toEqualTypeOf<string | undefined>();
  expectTypeOf(row["metrics.twice"]).toEqualTypeOf<number | undefined>();
  expectTypeOf(row["cost.usd"]).toEqualTypeOf<number | undefined>();
  expectTypeOf(row["artifact.state"]).toEqualTypeOf<"persisted" | "missing" | "corrupt">();
  // @ts-expect-error there is no such column
  row["points.m"];
  // @ts-expect-error not without metrics
  (await collect(study)).rows[0]?.["metrics.twice"];
});

test("unions stay unions, at any depth", async () => {
  const kinds = definePersistable({
    name: "kinds",
    params: z.object({ kind: z.enum(["a", "b"]), isBig: z.boolean().default(true), at: z.date().optional() }),
    generate: () => 1,
  });
  const middle = definePersistable({ name: "middle", dependencies: { kinds }, generate: () => 1 });
  const top = definePersistable({ name: "top", dependencies: { middle }, generate: () => 1 });
  const { rows } = await collect(top({ middle: { kinds: { kind: "a" } } }));
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  expectTypeOf(row["middle.kinds.kind"]).toEqualTypeOf<"a" | "b">();
  expectTypeOf(row["middle.kinds.isBig"]).toEqualTypeOf<boolean>();
  expectTypeOf(row["middle.kinds.at"]).toEqualTypeOf<Date | undefined>();
});

test("metrics get the payload", async () => {
  // @ts-expect-error the payload has no median
  await collect(study, { metrics: (payload) => ({ median: payload.median }) });
  await collect(points({ n: 1 }), {
    metrics: (payload, { params }) => {
      expectTypeOf(payload).toEqualTypeOf<Float64Array<ArrayBuffer>>();
      expectTypeOf(params.n).toBeNumber();
      return { length: payload.length };
    },
  });
});
