import { expect, test } from "vitest";
import { records } from "../../src/entry/formats/records.ts";
import {
  type AnyPersistable,
  CircularWaitError,
  definePersistable,
  memoryStore,
  type Store,
  secret,
  typedParams,
} from "../../src/entry/index.ts";
import { BatchFailedError, persistableMap, RunFailedError, run } from "../../src/entry/pipeline.ts";
import { streamPayload } from "../../src/entry/stream.ts";

type Asked = AnyPersistable & {
  loadOrGenerate(): Promise<unknown>;
  generate(options?: { persist?: boolean }): Promise<unknown>;
};

const ways: readonly (readonly [string, (persistable: Asked) => Promise<unknown>])[] = [
  ["payload", (persistable) => persistable.payload],
  ["loadOrGenerate()", (persistable) => persistable.loadOrGenerate()],
  ["generate()", (persistable) => persistable.generate()],
  ["generate({ persist: false })", (persistable) => persistable.generate({ persist: false })],
];

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => {
      throw new Error("It was to fail.");
    },
    (error: unknown) => error,
  );
}

for (const [outer, ask] of ways) {
  for (const [inner, askInside] of ways) {
    test(`a generator that asks for itself by ${inner} fails when asked by ${outer}`, async () => {
      const dataDir = memoryStore();
      const self = definePersistable({
        name: "self",
        params: typedParams<{ n: number }>(),
        generate: ({ params }): Promise<number> => askInside(self({ n: params.n }, { dataDir })) as Promise<number>,
      });
      const error = await failureOf(() => ask(self({ n: 1 }, { dataDir })));
      expect(error).toBeInstanceOf(CircularWaitError);
      expect(error).toMatchObject({ code: "PERSISTABLE_CIRCULAR_WAIT", cycle: ["self { n: 1 }", "self { n: 1 }"] });
    });
  }
}

type Link = (params: { n: number }, options: object) => Asked;

/** Definitions of which each asks for the next, and the last one for the first. */
function circleOf(names: readonly string[], dataDir: Store, ask: (persistable: Asked) => Promise<unknown>): Link[] {
  const circle: Link[] = names.map((name, i) =>
    definePersistable({
      name,
      params: typedParams<{ n: number }>(),
      generate: async ({ params }): Promise<number> => {
        await ask((circle[(i + 1) % names.length] as Link)({ n: params.n }, { dataDir }));
        return 1;
      },
    }),
  );
  return circle;
}

test.each(ways)("a circle through others is shown whole, asked by %s", async (_, ask) => {
  const dataDir = memoryStore();
  const [first] = circleOf(["a", "b", "c"], dataDir, ask);
  const error = await failureOf(() => ask(first?.({ n: 1 }, { dataDir }) as Asked));
  expect(error).toBeInstanceOf(CircularWaitError);
  const { cycle, message } = error as CircularWaitError;
  expect(cycle).toHaveLength(4);
  expect(cycle[0]).toBe(cycle[3]);
  expect([...cycle].slice(0, 3).sort()).toEqual(["a { n: 1 }", "b { n: 1 }", "c { n: 1 }"]);
  expect(message).toContain(cycle.join(" → "));
});

test("two callers who begin at different places of a circle both hear of it", async () => {
  const dataDir = memoryStore();
  const circle = circleOf(["a", "b", "c", "d"], dataDir, (persistable) => persistable.payload);
  const errors = await Promise.all(circle.map((define) => failureOf(() => define({ n: 1 }, { dataDir }).payload)));
  for (const error of errors) expect(error).toBeInstanceOf(CircularWaitError);
});

test("a parallel wait, a wait after a pause and one after a race are seen as well", async () => {
  const dataDir = memoryStore();
  const leaf = definePersistable({ name: "leaf", params: typedParams<{ n: number }>(), generate: () => 1 });
  const self = definePersistable({
    name: "self",
    params: typedParams<{ n: number }>(),
    generate: async ({ params }): Promise<number> => {
      await Promise.race([leaf({ n: 1 }, { dataDir }).payload, leaf({ n: 2 }, { dataDir }).payload]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const [, value] = await Promise.all([leaf({ n: 3 }, { dataDir }).payload, self(params, { dataDir }).payload]);
      return value;
    },
  });
  expect(await failureOf(() => self({ n: 1 }, { dataDir }).payload)).toBeInstanceOf(CircularWaitError);
});

test("recursion that ends, diamonds and many callers are not circles", async () => {
  const dataDir = memoryStore();
  const fib = definePersistable({
    name: "fib",
    params: typedParams<{ n: number }>(),
    generate: async ({ params: { n } }): Promise<number> => {
      if (n < 2) return n;
      const [one, two] = await Promise.all([
        fib({ n: n - 1 }, { dataDir }).payload,
        fib({ n: n - 2 }, { dataDir }).payload,
      ]);
      return one + two;
    },
  });
  const all = await Promise.all(Array.from({ length: 30 }, () => fib({ n: 20 }, { dataDir }).payload));
  expect(new Set(all)).toEqual(new Set([6765]));
});

test("what a generator leaves running may ask for its payload once it is there", async () => {
  const dataDir = memoryStore();
  let later: Promise<unknown> | undefined;
  const self = definePersistable({
    name: "self",
    params: typedParams<{ n: number }>(),
    generate: ({ params }): number => {
      later = new Promise((resolve) => setTimeout(resolve, 50)).then(() => self(params, { dataDir }).payload);
      return params.n;
    },
  });
  const persistable = self({ n: 1 }, { dataDir });
  await persistable.payload;
  await persistable.remove();
  expect(await later).toBe(1);
});

test("a stream whose generator reads itself fails, and nothing is kept", async () => {
  const dataDir = memoryStore();
  const stream = definePersistable({
    name: "stream",
    format: records<number>(),
    params: typedParams<{ n: number }>(),
    generate: async function* ({ params }): AsyncGenerator<number> {
      yield 1;
      yield* streamPayload(stream(params, { dataDir }) as never) as AsyncGenerator<number>;
    },
  });
  expect(await failureOf(async () => stream({ n: 1 }, { dataDir }).payload)).toBeInstanceOf(CircularWaitError);
  expect(await stream({ n: 1 }, { dataDir }).isPersisted()).toBe(false);
});

test("a map whose batch asks for its own items fails, also for items that are still queued", async () => {
  const dataDir = memoryStore();
  for (const wanted of [["a"], ["a", "b", "c"]]) {
    const map = persistableMap({
      name: `map_${wanted.length}`,
      item: (item: string) => item,
      batchSize: 1,
      generateBatch: async (): Promise<string[]> => map({}, { dataDir }).load([wanted.at(-1) as string]),
    });
    const error = await failureOf(() => map({}, { dataDir }).load(wanted));
    expect(error).toBeInstanceOf(BatchFailedError);
    expect((error as Error).cause).toBeInstanceOf(CircularWaitError);
  }
});

test("a map whose batches ask for earlier items goes on to work", async () => {
  const dataDir = memoryStore();
  const sums = persistableMap({
    name: "sums",
    item: (n: number) => n,
    batchSize: 1,
    generateBatch: async ({ items: [n = 0] }): Promise<number[]> =>
      n === 0 ? [0] : [n + ((await sums({}, { dataDir }).load([n - 1]))[0] ?? 0)],
  });
  expect(await sums({}, { dataDir }).load([6])).toEqual([21]);
  expect(await sums({}, { dataDir }).load([8, 9, 10], { concurrency: 3 })).toEqual([36, 45, 55]);
});

test("a circle through a map and a persistable is seen", async () => {
  const dataDir = memoryStore();
  const map = persistableMap({
    name: "map",
    item: (item: string) => item,
    generateBatch: async (): Promise<string[]> => [await index({}, { dataDir }).payload],
  });
  const index = definePersistable({
    name: "index",
    generate: async (): Promise<string> => (await map({}, { dataDir }).load(["a"])).join(),
  });
  const error = await failureOf(() => index({}, { dataDir }).payload);
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  expect(innermost).toBeInstanceOf(CircularWaitError);
  expect((innermost as CircularWaitError).cycle.join()).toMatch(/index.*map \(1 items\).*index|map.*index.*map/);
});

test("a run reports the circle as the failure of its node, and does not wait", async () => {
  const dataDir = memoryStore();
  const [first] = circleOf(["a", "b"], dataDir, (persistable) => persistable.payload);
  const error = await failureOf(() => run(first?.({ n: 1 }, { dataDir }) as Asked));
  expect(error).toBeInstanceOf(RunFailedError);
  expect((error as RunFailedError).result.failures[0]?.error).toBeInstanceOf(CircularWaitError);
});

test("the message names no secret", async () => {
  const dataDir = memoryStore();
  const self = definePersistable({
    name: "self",
    params: typedParams<{ key: ReturnType<typeof secret<string>> }>(),
    generate: ({ params }): Promise<number> => self(params, { dataDir }).payload,
  });
  const error = await failureOf(() => self({ key: secret("canary-0123456789") }, { dataDir }).payload);
  expect(error).toBeInstanceOf(CircularWaitError);
  expect(String(error)).not.toContain("canary");
});
