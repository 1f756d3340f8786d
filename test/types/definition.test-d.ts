import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  definePersistable,
  gzip,
  json,
  type MissReason,
  npy,
  Persistable,
  type PersistableEvent,
  Secret,
  type SummaryOf,
  secret,
  text,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";

const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int(), seed: z.int().default(100) }),
  generate: ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{ readonly n: number; readonly seed: number }>();
    return new Float64Array(params.n);
  },
  validate: (payload, { params }) => {
    expectTypeOf(payload).toEqualTypeOf<Float64Array<ArrayBuffer>>();
    expectTypeOf(params.seed).toBeNumber();
  },
});

const estimator = definePersistable({
  name: "estimator",
  params: z.object({ z: z.number() }),
  dependencies: { points },
  generate: async ({ params, dependencies }) => {
    expectTypeOf(dependencies.points.payload).resolves.toEqualTypeOf<Float64Array<ArrayBuffer>>();
    return { mean: (await dependencies.points.payload).length * params.z };
  },
});

test("payload, params and roles are inferred all the way up", () => {
  const built = estimator({ z: 2, points: { n: 100 } });
  expectTypeOf(built.payload).resolves.toEqualTypeOf<{ mean: number }>();
  expectTypeOf(built.params).toEqualTypeOf<Readonly<{ z: number }>>();
  expectTypeOf(built.dependencies.points.params.seed).toBeNumber();
  expectTypeOf(built.load).returns.resolves.toEqualTypeOf<{ mean: number }>();
  expectTypeOf(points({ n: 1 }, { dataDir: "x", draw: 2 }).payload).resolves.toEqualTypeOf<Float64Array<ArrayBuffer>>();
});

test("a dependency may be a persistable that is already built", () => {
  estimator({ z: 2, points: points({ n: 100 }) });
  const other = definePersistable({ name: "other", generate: () => "text" });
  // @ts-expect-error another payload
  estimator({ z: 2, points: other() });
});

test("a wrong tree does not compile", () => {
  // @ts-expect-error missing role
  () => estimator({ z: 2 });
  // @ts-expect-error missing parameter
  () => estimator({ points: { n: 1 } });
  // @ts-expect-error wrong type
  () => estimator({ z: "2", points: { n: 1 } });
  // @ts-expect-error unknown parameter
  () => estimator({ z: 2, points: { n: 1, m: 2 } });
  // @ts-expect-error unknown role
  () => estimator({ z: 2, points: { n: 1 }, pionts: { n: 1 } });
  // @ts-expect-error no tree at all
  () => estimator();
});

test("params with defaults, and params that a schema turns into others, are typed three definitions deep", () => {
  const report = definePersistable({
    name: "report",
    params: z.object({ limit: z.string().transform(Number), title: z.string().optional() }),
    dependencies: { estimator, baseline: estimator, points },
    generate: async ({ params, dependencies }) => {
      expectTypeOf(params.limit).toBeNumber();
      expectTypeOf(params.title).toEqualTypeOf<string | undefined>();
      expectTypeOf(dependencies.baseline.dependencies.points.params.seed).toBeNumber();
      return (await dependencies.estimator.payload).mean;
    },
  });
  const tree = { z: 1, points: { n: 1 } };
  const built = report({ limit: "1", estimator: tree, baseline: estimator(tree), points: { n: 1, seed: undefined } });
  expectTypeOf(built.params.limit).toBeNumber();
  expectTypeOf(built.dependencies.estimator.dependencies.points.payload).resolves.toEqualTypeOf<
    Float64Array<ArrayBuffer>
  >();
  // @ts-expect-error the schema is given a text
  () => report({ limit: 1, estimator: tree, baseline: tree, points: { n: 1 } });
  // @ts-expect-error a role of the third level has another type
  () => report({ limit: "1", estimator: { z: 1, points: { n: "1" } }, baseline: tree, points: { n: 1 } });
  // @ts-expect-error a default of the third level has another type
  () => report({ limit: "1", estimator: { z: 1, points: { n: 1, seed: "1" } }, baseline: tree, points: { n: 1 } });
  // @ts-expect-error one of two roles of the same definition is missing
  () => report({ limit: "1", estimator: tree, points: { n: 1 } });
  // @ts-expect-error a persistable of another definition
  () => report({ limit: "1", estimator: tree, baseline: points({ n: 1 }), points: { n: 1 } });
  // @ts-expect-error there is no such role
  void (() => built.dependencies.estimate);
});

test("a hook that is written before generate gets a payload whose type names the remedy", () => {
  const hookFirst = definePersistable({
    name: "hook_first",
    params: z.object({ n: z.number() }),
    validate: (payload) => {
      expectTypeOf(payload).not.toBeUnknown();
      // @ts-expect-error Property 'toFixed' does not exist on type 'WriteGenerateBeforeTheHooks'.
      payload?.toFixed();
    },
    generate: ({ params }) => params.n,
  });
  expectTypeOf(hookFirst({ n: 1 }).payload).resolves.toBeUnknown();
});

test("a payload that is meant to be unknown or any can be narrowed by its hooks", () => {
  definePersistable({
    name: "unknown_payload",
    generate: (): unknown => 1,
    validate: (payload) => {
      if (typeof payload === "string") expectTypeOf(payload).toBeString();
      if (typeof payload === "object" && payload !== null && "a" in payload) expectTypeOf(payload.a).toBeUnknown();
      if (Array.isArray(payload)) expectTypeOf(payload.length).toBeNumber();
      if (payload instanceof Date) expectTypeOf(payload).toEqualTypeOf<Date>();
    },
    summarize: (payload: unknown) => ({ kind: typeof payload }),
  });
  definePersistable({
    name: "any_payload",
    generate: () => JSON.parse("1"),
    validate: (payload) => {
      expectTypeOf(payload).toBeAny();
    },
  });
});

test("an event of a miss has the kinds that its reason has", () => {
  expectTypeOf<Extract<PersistableEvent, { type: "miss" }>["kind"]>().toEqualTypeOf<MissReason["kind"]>();
});

test("a tree without required parts may be left out", () => {
  const optional = definePersistable({
    name: "optional",
    params: z.object({ a: z.number().default(1) }),
    generate: () => 1,
  });
  const nothing = definePersistable({ name: "nothing", generate: () => 1 });
  const above = definePersistable({ name: "above", dependencies: { optional, nothing }, generate: () => 1 });
  optional();
  nothing();
  above();
  above({ optional: { a: 2 } });
});

test("untracked and secret wrap what they say", () => {
  points({ n: untracked(3) });
  // @ts-expect-error the wrapped value has the wrong type
  () => points({ n: untracked("3") });
  const fetched = definePersistable({
    name: "fetched",
    params: z.object({ key: z.instanceof(Secret) }),
    generate: ({ params }) => params.key,
  });
  fetched({ key: secret("x") });
  // @ts-expect-error a secret must be wrapped
  () => fetched({ key: "x" });
});

test("a format must hold the payload", () => {
  definePersistable({ name: "ok", generate: () => [1, 2], format: json() });
  definePersistable({ name: "ok", generate: () => "a", format: gzip(text()) });
  definePersistable({ name: "ok", generate: () => Float64Array.of(1), format: npy() });
  // @ts-expect-error the format holds text
  definePersistable({ name: "bad", generate: () => [1], format: gzip(text()) });
  // @ts-expect-error the format holds typed arrays
  definePersistable({ name: "bad", generate: () => ["a"], format: npy() });
});

test("a role that is also a parameter does not compile, and says why", () => {
  definePersistable({
    name: "bad",
    params: z.object({ points: z.number() }),
    // @ts-expect-error "points" is already a parameter
    dependencies: { points },
    generate: () => 1,
  });
});

test("only own params can be untracked, or have an earlier default", () => {
  definePersistable({
    name: "ok",
    params: z.object({ a: z.number() }),
    untracked: ["a"],
    earlierDefaults: { a: 1 },
    generate: () => 1,
  });
  // @ts-expect-error no such parameter
  definePersistable({ name: "bad", params: z.object({ a: z.number() }), untracked: ["b"], generate: () => 1 });
  definePersistable({
    name: "bad",
    params: z.object({ a: z.number() }),
    // @ts-expect-error wrong type
    earlierDefaults: { a: "1" },
    generate: () => 1,
  });
});

test("valibot, arktype and plain types declare params as well", () => {
  const byValibot = definePersistable({
    name: "v",
    params: v.object({ n: v.number(), m: v.optional(v.number(), 1) }),
    generate: ({ params }) => params.m,
  });
  expectTypeOf(byValibot({ n: 1 }).payload).resolves.toBeNumber();
  const byArktype = definePersistable({
    name: "a",
    params: type({ n: "number", m: "number = 1" }),
    generate: ({ params }) => params.m,
  });
  expectTypeOf(byArktype({ n: 1 }).payload).resolves.toBeNumber();
  const byType = definePersistable({
    name: "t",
    params: typedParams<{ n: number; m?: number }>(),
    generate: ({ params }) => params.m,
  });
  expectTypeOf(byType({ n: 1 }).payload).resolves.toEqualTypeOf<number | undefined>();
});

test("a class is typed by its parameters", () => {
  class Points extends Persistable<number[], { n: number }> {
    static override readonly payloadName = "points";
    protected override generatePayload() {
      expectTypeOf(this.params).toEqualTypeOf<Readonly<{ n: number }>>();
      return [this.params.n];
    }
  }
  const built = new Points({ params: { n: 1 } });
  expectTypeOf(built.payload).resolves.toEqualTypeOf<number[]>();
  // @ts-expect-error params are required
  () => new Points({});
  // @ts-expect-error and typed
  () => new Points({ params: { n: "1" } });
  class Mean extends Persistable<number, Record<never, never>, { points: Points }> {
    static override readonly payloadName = "mean";
    protected override async generatePayload() {
      return (await this.dependencies.points.payload).length;
    }
  }
  new Mean({ dependencies: { points: built } });
  // @ts-expect-error dependencies are required
  () => new Mean();
});

test("a summary is inferred from summarize, and reachable from a definition, a persistable and a class", () => {
  interface Stats {
    readonly min: number;
    readonly note: string | null;
  }
  const summarized = definePersistable({
    name: "summarized",
    params: z.object({ n: z.int() }),
    dependencies: { points },
    generate: async ({ dependencies }) => await dependencies.points.payload,
    summarize: (payload, { params }) => {
      expectTypeOf(payload).toEqualTypeOf<Float64Array<ArrayBuffer>>();
      expectTypeOf(params).toEqualTypeOf<{ readonly n: number }>();
      return {
        mean: payload[0] ?? 0,
        n: payload.length,
        at: new Date(),
        kind: "points",
        best: params.n > 1 ? 1 : null,
      };
    },
  });
  type Summary = { mean: number; n: number; at: Date; kind: string; best: number | null };
  expectTypeOf<SummaryOf<typeof summarized>>().toEqualTypeOf<Summary>();
  const built = summarized({ n: 1, points: { n: 1 } });
  expectTypeOf<SummaryOf<typeof built>>().toEqualTypeOf<Summary>();
  expectTypeOf(built.payload).resolves.toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expectTypeOf(built.dependencies.points.params.seed).toBeNumber();

  const byInterface = definePersistable({
    name: "by_interface",
    generate: () => [1],
    summarize: async (payload): Promise<Stats> => ({ min: payload[0] ?? 0, note: null }),
  });
  expectTypeOf<SummaryOf<typeof byInterface>>().toEqualTypeOf<Stats>();
  class Points extends Persistable<number[], { n: number }, Record<never, never>, Stats> {
    static override readonly payloadName = "points";
    protected override generatePayload() {
      return [1];
    }
    protected override summarizePayload() {
      return { min: 1, note: null };
    }
  }
  expectTypeOf<SummaryOf<typeof Points>>().toEqualTypeOf<Stats>();
  expectTypeOf<SummaryOf<Points>>().toEqualTypeOf<Stats>();
  expectTypeOf<SummaryOf<typeof points>>().toEqualTypeOf<Record<never, never>>();
  expectTypeOf<SummaryOf<Persistable>>().toBeUnknown();
  // What has a summary may stand wherever one without is asked for.
  expectTypeOf(built).toExtend<Persistable<Float64Array<ArrayBuffer>, { n: number }, (typeof built)["dependencies"]>>();
});

test("a summary holds scalars only", () => {
  // @ts-expect-error an array
  definePersistable({ name: "bad", generate: () => [1], summarize: (payload) => ({ all: payload }) });
  // @ts-expect-error no object
  definePersistable({ name: "bad", generate: () => [1], summarize: (payload) => payload.length });
});

test("progress, cost, seed and workDir are the generator's alone", () => {
  definePersistable({
    name: "contexts",
    generate: ({ progress, cost, seed, workDir }) => {
      expectTypeOf(progress).toBeCallableWith(1, undefined, "note");
      expectTypeOf(cost).parameter(0).toEqualTypeOf<Readonly<Record<string, number>>>();
      expectTypeOf(seed).toBeNumber();
      return workDir;
    },
    // @ts-expect-error validating has no seed
    validate: (_payload, { seed }) => seed,
  });
  // @ts-expect-error an amount is a number
  definePersistable({ name: "bad", generate: ({ cost }) => cost({ usd: "1" }) });
});

test("no any reaches the user", () => {
  expectTypeOf(points({ n: 1 }).paramsTree).not.toBeAny();
  expectTypeOf(points({ n: 1 }).record).returns.resolves.not.toBeAny();
});
