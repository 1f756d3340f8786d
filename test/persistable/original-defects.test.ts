import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  CorruptArtifactError,
  DefinitionError,
  definePersistable,
  FormatMismatchError,
  json,
  type PersistableEvent,
  structured,
  typedParams,
  untracked,
} from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * The defects that were shown in Python persistable 1.3.1, each of which must be gone; the numbers
 * are those of the list that they were collected in.
 */

const quiet = { logger: { debug() {}, info() {}, warn() {}, error() {} } };

describe("wrong answers", () => {
  test("1: a dot in the name keeps params apart", async () => {
    await using folder = await temporaryFolder();
    const dotted = definePersistable({
      name: "model.v1.2",
      params: typedParams<{ a: number }>(),
      generate: ({ params }) => params.a,
    });
    expect(await dotted({ a: 1 }, { dataDir: folder.path }).payload).toBe(1);
    expect(await dotted({ a: 2 }, { dataDir: folder.path }).payload).toBe(2);
    expect(await dotted({ a: 1 }, { dataDir: folder.path }).load()).toBe(1);
  });

  test("2: two dependencies of one payload name are told apart by their roles", async () => {
    await using folder = await temporaryFolder();
    const data = definePersistable({
      name: "data",
      params: typedParams<{ split: string }>(),
      generate: ({ params }) => params.split,
    });
    const model = definePersistable({
      name: "model",
      dependencies: { train: data, test: data },
      generate: async ({ dependencies: { train, test } }) => [await train.payload, await test.payload],
    });
    const a = model({ train: { split: "A" }, test: { split: "T" } }, { dataDir: folder.path });
    const b = model({ train: { split: "B" }, test: { split: "T" } }, { dataDir: folder.path });
    expect(a.address).not.toBe(b.address);
    expect(a.paramsTree).toEqual({ train: { split: "A" }, test: { split: "T" } });
    expect([await a.payload, await b.payload]).toEqual([
      ["A", "T"],
      ["B", "T"],
    ]);
    expect(model({ train: { split: "T" }, test: { split: "A" } }).address).not.toBe(a.address);
  });

  test("3: a parameter with the name of a dependency is refused", () => {
    const data = definePersistable({ name: "data", generate: () => 1 });
    const bad = definePersistable({
      name: "bad",
      params: z.object({ data: z.number().default(1) }),
      // @ts-expect-error the role is already a parameter
      dependencies: { data },
      generate: () => 1,
    });
    expect(() => bad({} as never)).toThrow(/both a parameter and a dependency named "data"/);
  });

  test("4: every element and the type of a large array count", () => {
    const big = definePersistable({
      name: "big",
      params: typedParams<{ weights: Float64Array | Float32Array }>(),
      generate: () => 0,
    });
    const weights = Float64Array.from({ length: 5000 }, (_, i) => i);
    const changed = weights.slice();
    changed[2500] = -1;
    expect(big({ weights: changed }).address).not.toBe(big({ weights }).address);
    expect(big({ weights: Float32Array.from(weights) }).address).not.toBe(big({ weights }).address);
    expect(big({ weights: weights.slice() }).address).toBe(big({ weights }).address);
  });

  test("5: params of any shape count, none are dropped silently", () => {
    const pages = definePersistable({ name: "pages", params: typedParams<object>(), generate: () => 0 });
    class Settings {
      readonly depth: number;
      constructor(depth: number) {
        this.depth = depth;
      }
    }
    expect(() => pages({ settings: new Settings(1) })).toThrow(/params\.settings.*Settings/s);
    expect(() =>
      pages({
        get depth() {
          return 1;
        },
      }),
    ).toThrow(/params\.depth/);
  });

  test("6: params cannot be changed after the address was computed", async () => {
    await using folder = await temporaryFolder();
    const given = { steps: [1, 2], weights: Float64Array.of(1, 2) };
    const training = definePersistable({
      name: "training",
      params: typedParams<typeof given>(),
      generate: ({ params }) => [...params.steps, ...params.weights],
    });
    const persistable = training(given, { dataDir: folder.path });
    const { address } = persistable;
    given.steps.push(3);
    given.weights[0] = 99;
    expect(() => (persistable.params.steps as number[]).push(4)).toThrow(TypeError);
    persistable.params.weights[0] = 77;
    expect(await persistable.payload).toEqual([1, 2, 1, 2]);
    expect(persistable.address).toBe(address);
    expect(training({ steps: [1, 2], weights: Float64Array.of(1, 2) }).address).toBe(address);
  });

  test("7: dependencies are kept, however often they are looked at", () => {
    const data = definePersistable({ name: "data", generate: () => 1 });
    const model = definePersistable({ name: "model", dependencies: { data }, generate: () => 2 });
    const persistable = model({}, { verbose: false });
    expect(Object.keys(persistable.dependencies)).toEqual(["data"]);
    expect(Object.keys(persistable.dependencies)).toEqual(["data"]);
  });

  test("8: a changed generator is reported, a version generates anew, and untracked values are recorded", async () => {
    await using folder = await temporaryFolder();
    const events: PersistableEvent[] = [];
    const options = { dataDir: folder.path, onEvent: (event: PersistableEvent) => events.push(event), ...quiet };
    const before = definePersistable({
      name: "score",
      params: typedParams<{ a: number; batchSize: number }>(),
      untracked: ["batchSize"],
      generate: ({ params }) => params.a,
    });
    await before({ a: 1, batchSize: 8 }, options).payload;
    const after = definePersistable({
      name: "score",
      params: typedParams<{ a: number; batchSize: number }>(),
      untracked: ["batchSize"],
      generate: ({ params }) => params.a * 2,
    });
    expect(await after({ a: 1, batchSize: 16 }, options).payload).toBe(1);
    expect(events.filter(({ type }) => type === "source-changed")).toHaveLength(1);
    const versioned = definePersistable({
      name: "score",
      version: 2,
      params: typedParams<{ a: number }>(),
      generate: ({ params }) => params.a * 2,
    });
    expect(await versioned({ a: 1 }, options).payload).toBe(2);
    const record = await before({ a: 1, batchSize: 8 }, options).record();
    expect(record?.untrackedParams).toEqual(["batchSize"]);
    expect(record?.params).toEqual({ a: 1, batchSize: untracked(8) });
    const file = JSON.parse(
      readFileSync(folder.join("score", `${before({ a: 1, batchSize: 8 }).address}.json`), "utf8"),
    );
    expect(file.params).toEqual({ a: 1, batchSize: { $untracked: 8 } });
  });

  test("8: names that differ only in case do not share a folder, and the format of an artifact is checked", async () => {
    await using folder = await temporaryFolder();
    const lower = definePersistable({ name: "points", generate: () => "lower" });
    const upper = definePersistable({ name: "Points", generate: () => "upper" });
    expect(await lower({}, { dataDir: folder.path }).payload).toBe("lower");
    expect(await upper({}, { dataDir: folder.path }).payload).toBe("upper");
    const folders = readdirSync(folder.path).filter((name) => !name.startsWith(".") && !name.endsWith(".log"));
    expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(2);
    const asJson = definePersistable({ name: "points", format: json(), generate: () => "json" });
    await expect(asJson({}, { dataDir: folder.path }).load()).rejects.toThrow(FormatMismatchError);
    const both = definePersistable({
      name: "points",
      format: json(),
      readFormats: [structured()],
      generate: () => "json",
    });
    expect(await both({}, { dataDir: folder.path }).load()).toBe("lower");
  });

  test("9: one flipped bit is never another value", async () => {
    await using folder = await temporaryFolder();
    const points = definePersistable({ name: "points", inlineBytes: 0, generate: () => [1, 2, 3] });
    await points({}, { dataDir: folder.path }).generate();
    const file = readdirSync(folder.join("points")).find((name) => !name.endsWith(".json")) ?? "";
    const bytes = readFileSync(folder.join("points", file));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(folder.join("points", file), bytes);
    await expect(points({}, { dataDir: folder.path, ...quiet }).load()).rejects.toThrow(CorruptArtifactError);
  });

  test("10: what is in memory is what is on disk", async () => {
    await using folder = await temporaryFolder();
    const table = definePersistable({ name: "table", generate: () => ({ rows: [1, 2, 3] }) });
    const frozen = table({}, { dataDir: folder.path });
    const payload = await frozen.payload;
    expect(() => payload.rows.push(4)).toThrow(TypeError);
    expect(await frozen.payload).toEqual({ rows: [1, 2, 3] });
    const array = definePersistable({ name: "array", generate: () => Float64Array.of(1, 2, 3) });
    const persistable = array({}, { dataDir: folder.path });
    const mine = await persistable.payload;
    mine[0] = 99;
    expect(await persistable.payload).toEqual(Float64Array.of(1, 2, 3));
    expect(await array({}, { dataDir: folder.path }).load()).toEqual(Float64Array.of(1, 2, 3));
  });
});

describe("misses where it should hit", () => {
  test("11: order of keys, of dependencies, of set members does not matter, nor does a new option with its earlier value", () => {
    const a = definePersistable({ name: "a", generate: () => 1 });
    const b = definePersistable({ name: "b", generate: () => 1 });
    const ab = definePersistable({ name: "m", dependencies: { a, b }, generate: () => 1 });
    const ba = definePersistable({ name: "m", dependencies: { b, a }, generate: () => 1 });
    expect(ab({}).address).toBe(ba({}).address);
    const sets = definePersistable({ name: "sets", params: typedParams<{ tags: Set<string> }>(), generate: () => 1 });
    expect(sets({ tags: new Set(["x", "y"]) }).address).toBe(sets({ tags: new Set(["y", "x"]) }).address);
    const before = definePersistable({ name: "index", params: typedParams<{ dim: number }>(), generate: () => 1 });
    const after = definePersistable({
      name: "index",
      params: z.object({ dim: z.number(), metric: z.string().default("cosine") }),
      earlierDefaults: { metric: "cosine" },
      generate: () => 1,
    });
    expect(after({ dim: 8 }).address).toBe(before({ dim: 8 }).address);
    expect(after({ dim: 8, metric: "dot" }).address).not.toBe(before({ dim: 8 }).address);
  });
});

describe("lost or stuck", () => {
  test("12: a torn file is reported, set aside and generated anew", async () => {
    await using folder = await temporaryFolder();
    const points = definePersistable({ name: "points", generate: () => [1, 2, 3] });
    const options = { dataDir: folder.path, ...quiet };
    await points({}, options).generate();
    const file = folder.join("points", `${points().address}.json`);
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    await expect(points({}, options).load()).rejects.toThrow(CorruptArtifactError);
    expect(await points({}, options).payload).toEqual([1, 2, 3]);
    expect(await points({}, options).load()).toEqual([1, 2, 3]);
    expect(readdirSync(folder.join(".persistable", "quarantine", "points"))).toHaveLength(1);
  });

  test("13: params that JSON cannot hold come back as they were, and params that nothing can hold are refused before generating", async () => {
    await using folder = await temporaryFolder();
    let generated = 0;
    const odd = definePersistable({
      name: "odd",
      params: typedParams<{ value: unknown }>(),
      generate: () => {
        generated += 1;
        return 0;
      },
    });
    const value = {
      nan: Number.NaN,
      infinite: Number.NEGATIVE_INFINITY,
      zero: -0,
      map: new Map([[1, "one"]]),
      big: 2n ** 70n,
      when: new Date(0),
      none: undefined,
    };
    const persistable = odd({ value }, { dataDir: folder.path });
    await persistable.payload;
    expect((await odd({ value }, { dataDir: folder.path }).record())?.params).toEqual({ value });
    expect(() => odd({ value: () => 1 }, { dataDir: folder.path })).toThrow(/params\.value/);
    expect(generated).toBe(1);
  });

  test("15: null, undefined, false, 0, the empty text and NaN are payloads", async () => {
    await using folder = await temporaryFolder();
    for (const value of [null, undefined, false, 0, -0, "", Number.NaN]) {
      let generated = 0;
      const name = `value_${Object.is(value, -0) ? "minus_zero" : String(value)}x`;
      const nothing = definePersistable({
        name,
        generate: () => {
          generated += 1;
          return value;
        },
      });
      const persistable = nothing({}, { dataDir: folder.path });
      expect(await persistable.payload).toBe(value);
      expect(await persistable.payload).toBe(value);
      expect(await nothing({}, { dataDir: folder.path }).payload).toBe(value);
      expect(await nothing({}, { dataDir: folder.path }).load()).toBe(value);
      expect(generated).toBe(1);
    }
  });

  test("16: a file that the user's own hook does not find is the user's error, and generates nothing", async () => {
    await using folder = await temporaryFolder();
    let generated = 0;
    const points = definePersistable({
      name: "points",
      generate: () => {
        generated += 1;
        return [1];
      },
      afterLoad: () => void readFileSync(folder.join("not-there")),
    });
    await points({}, { dataDir: folder.path }).payload;
    await expect(points({}, { dataDir: folder.path }).loadOrGenerate()).rejects.toThrow(/ENOENT/);
    expect(generated).toBe(1);
  });

  test("17: untracked values reach every hook and are recorded, and no option of load reaches generate", async () => {
    await using folder = await temporaryFolder();
    const seen: unknown[] = [];
    const see = (where: string) => (_payload: unknown, context: { untracked: unknown }) =>
      void seen.push([where, context.untracked]);
    const points = definePersistable({
      name: "points",
      generate: ({ untracked }) => {
        seen.push(["generate", untracked]);
        return 1;
      },
      validate: see("validate"),
      afterGenerate: see("afterGenerate"),
      afterLoad: see("afterLoad"),
    });
    const call = { untracked: { speed: 3 } };
    await points({}, { dataDir: folder.path }).loadOrGenerate({ ...call, warnIfInvalid: true });
    await points({}, { dataDir: folder.path }).loadOrGenerate(call);
    expect(seen).toEqual(
      ["generate", "validate", "afterGenerate", "validate", "afterLoad"].map((where) => [where, { speed: 3 }]),
    );
    expect((await points({}, { dataDir: folder.path }).record())?.untracked).toEqual({ speed: 3 });
  });
});

describe("cost and safety", () => {
  test("18: a diamond of depth 200 and a chain of 5,000 are addressed, recorded and explained", async () => {
    await using folder = await temporaryFolder();
    const base = definePersistable({
      name: "base",
      params: typedParams<{ n: number }>(),
      generate: ({ params }) => params.n,
    });
    const node = definePersistable({ name: "node", dependencies: { left: base, right: base }, generate: () => 1 });
    let diamond: unknown = base({ n: 1 });
    for (let i = 0; i < 200; i++) diamond = node({ left: diamond, right: diamond } as never);
    const top = node({ left: diamond, right: diamond } as never, { dataDir: folder.path });
    await top.payload;
    expect((await top.explain()).state).toBe("hit");
    expect(readFileSync(folder.join("node", `${top.address}.json`)).length).toBeLessThan(200_000);
    let chain: unknown = base({ n: 1 });
    for (let i = 0; i < 5000; i++) chain = node({ left: chain, right: base({ n: 2 }) } as never);
    const end = node({ left: chain, right: base({ n: 2 }) } as never, { dataDir: folder.path });
    await end.payload;
    expect(await end.isPersisted()).toBe(true);
  });

  test("19: each folder has its own log, no file stays open, and a line break forges no log line", async () => {
    await using folder = await temporaryFolder();
    const points = definePersistable({ name: "points", params: typedParams<{ label: string }>(), generate: () => 1 });
    const forged = "x\n2026-01-01 00:00:00,000 - points - generate - ERROR - forged";
    await points({ label: forged }, { dataDir: folder.join("a") }).generate();
    await points({ label: "b" }, { dataDir: folder.join("b") }).generate();
    const [a, b] = ["a", "b"].map((name) => readFileSync(folder.join(name, "points.log"), "utf8"));
    expect(a?.split("\n").some((line) => line.endsWith("ERROR - forged") && line.startsWith("2026-01-01"))).toBe(false);
    expect(b).toContain('label: "b"');
    expect(a).not.toContain('label: "b"');
    rmSync(folder.join("a", "points.log"));
    await points({ label: "again" }, { dataDir: folder.join("a") }).generate();
    expect(existsSync(folder.join("a", "points.log"))).toBe(true);
  });

  test("20: what is loaded is data: loading executes nothing that an artifact says", async () => {
    await using folder = await temporaryFolder();
    const data = definePersistable({
      name: "data",
      generate: () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object,
    });
    await data({}, { dataDir: folder.path }).generate();
    const loaded = await data({}, { dataDir: folder.path }).load();
    expect(Object.hasOwn(loaded, "__proto__")).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("21: no name leaves the folder", async () => {
    await using folder = await temporaryFolder();
    for (const name of ["../escaped", "/absolute", "a/b", "a\\b", "..", ".", "nul\0byte", "C:\\x"]) {
      await definePersistable({ name, generate: () => name })({}, { dataDir: folder.join("data") }).payload;
      expect(
        await definePersistable({ name, generate: () => "other" })({}, { dataDir: folder.join("data") }).load(),
      ).toBe(name);
    }
    expect(readdirSync(folder.path)).toEqual(["data"]);
    expect(() => definePersistable({ name: "", generate: () => 1 })).toThrow(DefinitionError);
  });
});

test("an address is the hash of the documented bytes, not of how this process prints values", () => {
  const points = definePersistable({ name: "points", params: typedParams<{ n: number }>(), generate: () => 1 });
  expect(points({ n: 1 }).address).toMatch(/^[0-9a-f]{64}$/);
  expect(createHash("md5").update("{'points': {'n': 1}}").digest("hex")).not.toBe(points({ n: 1 }).address);
});
