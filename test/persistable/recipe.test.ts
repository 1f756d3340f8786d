import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  DefinitionError,
  definePersistable,
  InvalidParamsError,
  memoryStore,
  Persistable,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

describe("params", () => {
  test.each([
    ["zod", z.object({ n: z.number().min(1), seed: z.number().default(7) })],
    ["valibot", v.object({ n: v.pipe(v.number(), v.minValue(1)), seed: v.optional(v.number(), 7) })],
    ["arktype", type({ n: "number >= 1", seed: "number = 7" })],
  ])("are checked and completed by %s, and the defaults are in the recipe", async (_library, schema) => {
    const points = definePersistable({ name: "points", params: schema, generate: ({ params }) => params.seed });
    expect(points({ n: 1 }).params).toEqual({ n: 1, seed: 7 });
    expect(points({ n: 1 }).address).toBe(points({ n: 1, seed: 7 }).address);
    expect(() => points({ n: 0 })).toThrow(InvalidParamsError);
    expect(() => points({ n: 0 })).toThrow(/params\.n: /);
    expect(await points({ n: 1 }, { dataDir: memoryStore(), logger }).payload).toBe(7);
  });

  test("all three libraries give one address for the same params", () => {
    const addresses = [
      definePersistable({ name: "p", params: z.object({ n: z.number() }), generate: () => 0 })({ n: 1 }).address,
      definePersistable({ name: "p", params: v.object({ n: v.number() }), generate: () => 0 })({ n: 1 }).address,
      definePersistable({ name: "p", params: type({ n: "number" }), generate: () => 0 })({ n: 1 }).address,
      definePersistable({ name: "p", params: typedParams<{ n: number }>(), generate: () => 0 })({ n: 1 }).address,
    ];
    expect(new Set(addresses).size).toBe(1);
  });

  test("an option that is handed on unset is the option left out", () => {
    const points = definePersistable({
      name: "points",
      params: typedParams<{ n: number; a?: number | undefined; l?: number[] }>(),
      generate: () => 0,
    });
    expect(points({ n: 1, a: undefined }).address).toBe(points({ n: 1 }).address);
    expect(points({ n: 1, a: undefined, l: [1] }).address).toBe(points({ n: 1, l: [1] }).address);
    expect(points({ n: 1, a: undefined }).params).toEqual({ n: 1 });
  });

  test("a role that was left out is named, with the one that needs it", () => {
    const base = definePersistable({ name: "base", params: z.object({ n: z.number() }), generate: () => 0 });
    const above = definePersistable({ name: "above", dependencies: { base }, generate: () => 0 });
    expect(() => above({} as never)).toThrow(/above was built without its dependency "base".*params\.n/s);
  });

  test("an asynchronous schema is refused", () => {
    const slow = definePersistable({
      name: "slow",
      params: z.object({ n: z.number().refine(async () => true) }),
      generate: () => 0,
    });
    expect(() => slow({ n: 1 })).toThrow();
  });

  test("an unknown key is refused where there are no params, with what is known", () => {
    const base = definePersistable({ name: "base", generate: () => 0 });
    const above = definePersistable({ name: "above", dependencies: { base }, generate: () => 0 });
    expect(() => base({ x: 1 } as never)).toThrow(/"x", which it does not know. It has no params/);
    expect(() => above({ bse: {} } as never)).toThrow(/its roles are base/);
    expect(() => base(3 as never)).toThrow(DefinitionError);
  });

  test("a missing or foreign dependency is named", () => {
    class Above extends Persistable<number, Record<never, never>, { base: Persistable<number> }> {
      static override readonly payloadName = "above";
      protected override generatePayload() {
        return 1;
      }
    }
    expect(() => new Above({ dependencies: {} } as never).address).not.toThrow();
    expect(() => new Above({ dependencies: { base: undefined } } as never)).toThrow(/"base" of above is missing/);
    expect(() => new Above({ dependencies: { base: () => 1 } } as never)).toThrow(/call the definition/);
    expect(() => new Above({ dependencies: { base: { address: "x", payload: 1 } } } as never)).toThrow(
      /another copy of persistable-ts/,
    );
  });
});

describe("untracked params", () => {
  test("do not enter the recipe, reach the generator, and are recorded", async () => {
    const dataDir = memoryStore();
    const points = definePersistable({
      name: "points",
      params: typedParams<{ n: number; speed: number }>(),
      generate: ({ params }) => params.n * params.speed,
    });
    expect(points({ n: 2, speed: untracked(3) }).address).toBe(points({ n: 2, speed: untracked(4) }).address);
    expect(points({ n: 2, speed: 3 }).address).not.toBe(points({ n: 2, speed: untracked(3) }).address);
    const persistable = points({ n: 2, speed: untracked(3) }, { dataDir, logger });
    expect(await persistable.payload).toBe(6);
    const record = await persistable.record();
    expect(record?.params).toEqual({ n: 2, speed: untracked(3) });
    expect(points(record?.params as never).address).toBe(persistable.address);
  });

  test("may be anything, a callback too", async () => {
    const calls: number[] = [];
    const points = definePersistable({
      name: "points",
      params: typedParams<{ n: number; report: (n: number) => void }>(),
      untracked: ["report"],
      generate: ({ params }) => {
        params.report(params.n);
        return params.n;
      },
    });
    const persistable = points({ n: 2, report: (n) => calls.push(n) }, { dataDir: memoryStore(), logger });
    await persistable.payload;
    expect(calls).toEqual([2]);
    expect(await persistable.record()).toMatchObject({ params: { n: 2 }, untrackedParams: ["report"] });
  });
});

describe("what changes and what keeps the address", () => {
  const define = (options: object = {}) =>
    definePersistable({ name: "index", params: typedParams<{ dim: number }>(), generate: () => 1, ...options });

  test("version and draw are in the recipe; format, memory and place are not", () => {
    const base = define()({ dim: 1 }).address;
    expect(define({ version: 2 })({ dim: 1 }).address).not.toBe(base);
    expect(define({ version: "2" })({ dim: 1 }).address).not.toBe(define({ version: 2 })({ dim: 1 }).address);
    expect(define()({ dim: 1 }, { draw: 1 }).address).not.toBe(base);
    expect(define()({ dim: 1 }, { draw: 0 }).address).toBe(base);
    expect(
      define({ memory: "shared", inlineBytes: 0 })({ dim: 1 }, { dataDir: memoryStore(), verbose: false }).address,
    ).toBe(base);
    expect(() => define()({ dim: 1 }, { draw: -1 })).toThrow(DefinitionError);
  });

  test("draws of one recipe are independent payloads", async () => {
    const dataDir = memoryStore();
    let drawn = 0;
    const sample = definePersistable({ name: "sample", generate: () => ++drawn });
    expect([
      await sample({}, { dataDir, logger, draw: 1 }).payload,
      await sample({}, { dataDir, logger, draw: 2 }).payload,
    ]).toEqual([1, 2]);
    expect(await sample({}, { dataDir, logger, draw: 1 }).payload).toBe(1);
    expect((await sample({}, { dataDir, draw: 2 }).record())?.draw).toBe(2);
  });

  test("an earlier default keeps results, recorded as implicit", async () => {
    const dataDir = memoryStore();
    const before = define();
    await before({ dim: 1 }, { dataDir, logger }).payload;
    const after = definePersistable({
      name: "index",
      params: z.object({ dim: z.number(), metric: z.string().default("cosine") }),
      earlierDefaults: { metric: "cosine" },
      generate: () => 2,
    });
    expect(await after({ dim: 1 }, { dataDir, logger }).payload).toBe(1);
    await after({ dim: 2 }, { dataDir, logger }).payload;
    const record = await after({ dim: 2 }, { dataDir, logger }).record();
    expect(record).toMatchObject({ params: { dim: 2, metric: "cosine" }, implicitParams: ["metric"] });
    expect(after(record?.params as never).address).toBe(record?.address);
  });

  test("a renamed definition finds its results, and so does what depends on it", async () => {
    const dataDir = memoryStore();
    const old = define({ name: "old_index" });
    const oldSearch = definePersistable({ name: "search", dependencies: { index: old }, generate: () => "old" });
    await old({ dim: 1 }, { dataDir, logger }).payload;
    await oldSearch({ index: { dim: 1 } }, { dataDir, logger }).payload;
    const events: string[] = [];
    const onEvent = (event: { type: string; alias?: string }) =>
      events.push(`${event.type}${event.alias === undefined ? "" : ` ${event.alias}`}`);
    const renamed = definePersistable({
      name: "new_index",
      aliases: ["old_index"],
      params: typedParams<{ dim: number }>(),
      generate: () => 2,
    });
    const search = definePersistable({ name: "search", dependencies: { index: renamed }, generate: () => "new" });
    expect(await renamed({ dim: 1 }, { dataDir, logger, onEvent }).payload).toBe(1);
    expect(events).toContain("hit old_index");
    expect(await search({ index: { dim: 1 } }, { dataDir, logger }).payload).toBe("old");
    expect(await search({ index: { dim: 1 } }, { dataDir, logger }).isPersisted()).toBe(true);
    expect((await renamed({ dim: 1 }, { dataDir, logger }).record())?.name).toBe("old_index");
    expect(await renamed({ dim: 2 }, { dataDir, logger }).payload).toBe(2);
  });
});

describe("where a persistable lives", () => {
  test("dependencies inherit the place, and one without a place takes that of its dependent", async () => {
    const dataDir = memoryStore();
    const base = definePersistable({ name: "base", generate: () => 1 });
    const above = definePersistable({
      name: "above",
      dependencies: { base },
      generate: async ({ dependencies }) => (await dependencies.base.payload) + 1,
    });
    const built = base();
    await above({ base: built }, { dataDir, logger }).payload;
    expect(await built.isPersisted()).toBe(true);
    const other = memoryStore();
    expect(() => above({ base: built }, { dataDir: other })).toThrow(/already lives in/);
    const placed = base({}, { dataDir: other, logger });
    await above({ base: placed }, { dataDir: memoryStore(), logger }).payload;
    expect(await placed.isPersisted()).toBe(true);
  });

  test("remove takes it away, once", async () => {
    const dataDir = memoryStore();
    const base = definePersistable({ name: "base", generate: () => ({ a: 1 }) })({}, { dataDir, logger });
    await base.payload;
    expect(await base.remove()).toBe(true);
    expect(await base.remove()).toBe(false);
    expect(await base.isPersisted()).toBe(false);
    expect(await base.record()).toBeUndefined();
  });
});

describe("a record", () => {
  test("names who made the payload, when, where and with what", async () => {
    const base = definePersistable({
      name: "base",
      params: typedParams<{ a: number }>(),
      generate: () => new Promise<number>((resolve) => setTimeout(() => resolve(1), 20)),
    });
    const above = definePersistable({
      name: "above",
      dependencies: { base },
      generate: async ({ dependencies }) => await dependencies.base.payload,
    });
    const persistable = above({ base: { a: 1 } }, { dataDir: memoryStore(), logger });
    await persistable.payload;
    const record = await persistable.record();
    expect(record).toMatchObject({
      name: "above",
      scheme: "persistable/1",
      params: { base: { a: 1 } },
      dependencies: { base: { name: "base", address: persistable.dependencies.base.address } },
      payload: { format: "structured", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      provenance: {
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        host: expect.any(String),
        pid: process.pid,
        node: process.versions.node,
        module: expect.stringMatching(/^test\/persistable\/recipe\.test\.ts$/),
        source: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        packages: { "persistable-ts": expect.any(String) },
      },
    });
    // The time that went into the dependency is the dependency's.
    expect(record?.provenance.durationMs).toBeLessThan(
      (await persistable.dependencies.base.record())?.provenance.durationMs ?? 0,
    );
  });

  test("shares what is shared: a diamond comes back as one", async () => {
    const base = definePersistable({ name: "base", params: typedParams<{ a: number }>(), generate: () => 1 });
    const side = definePersistable({ name: "side", dependencies: { base }, generate: () => 1 });
    const top = definePersistable({ name: "top", dependencies: { left: side, right: side }, generate: () => 1 });
    const persistable = top(
      { left: { base: { a: 1 } }, right: { base: { a: 1 } } },
      { dataDir: memoryStore(), logger },
    );
    await persistable.payload;
    const params = (await persistable.record())?.params as { left: object; right: object };
    expect(params).toEqual({ left: { base: { a: 1 } }, right: { base: { a: 1 } } });
    expect(params.left).toBe(params.right);
    expect(top(params as never).address).toBe(persistable.address);
  });
});
