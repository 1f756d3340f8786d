import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fileStore, json, memoryStore, type Store } from "../../src/entry/index.ts";
import { BatchFailedError, persistableMap } from "../../src/entry/pipeline.ts";
import type { MapChildInput, MapChildLine } from "../support/persistable-map-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const numRuns = Number(process.env.PERSISTABLE_FUZZ_RUNS ?? 150) / 10;
/** 100 in a full run. */
const KILLS = Number(process.env.PERSISTABLE_TEST_MAP_KILLS ?? 1);

interface Chunk {
  readonly text: string;
  readonly page: number;
}

function createWorld(
  options: { readonly batchSize?: number; readonly fails?: (batch: readonly Chunk[]) => boolean } = {},
) {
  const batches: string[][] = [];
  const lengths = persistableMap({
    name: "lengths",
    params: z.object({ model: z.string().default("small") }),
    item: (chunk: Chunk) => chunk.text,
    batchSize: options.batchSize ?? 3,
    generateBatch: ({ items, params, cost }) => {
      batches.push(items.map(({ text }) => text));
      if (options.fails?.(items) === true) throw new Error(`no luck with ${items[0]?.text}`);
      cost({ tokens: items.length });
      return items.map(({ text }) => ({ model: params.model, length: text.length }));
    },
  });
  return { batches, lengths };
}

function chunksOf(...texts: string[]): Chunk[] {
  return texts.map((text, page) => ({ text, page }));
}

function packsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pack") && !name.includes(".persistable"))
    .map((name) => path.join(folder, name))
    .sort();
}

describe("a map", () => {
  test("hands the untracked values of a call to its batches, and keeps them out of keys and packs", async () => {
    await using folder = await temporaryFolder();
    const asked: string[] = [];
    const lengths = persistableMap({
      name: "lengths",
      item: (text: string) => text,
      generateBatch: ({ items, untracked }) => {
        asked.push(String(untracked.note));
        return items.map((text) => (untracked.measure as (text: string) => number)(text));
      },
    });
    const measure = (text: string): number => text.length;
    const map = lengths({}, { dataDir: folder.path });
    expect(await map.load(["a", "bb"], { untracked: { measure, note: "first call" } })).toEqual([1, 2]);
    expect(await map.load(["bb", "ccc"], { untracked: { measure, note: "second call" } })).toEqual([2, 3]);
    expect(await map.load(["a", "ccc"], { untracked: { note: "third call" } })).toEqual([1, 3]);
    expect(asked).toEqual(["first call", "second call"]);
    const packs = packsIn(folder.path);
    expect(packs).toHaveLength(2);
    for (const pack of packs) expect(readFileSync(pack).includes("call")).toBe(false);
  });

  test("generates what is new, in batches, and gives payloads in the order of the items", async () => {
    const { batches, lengths } = createWorld();
    const dataDir = memoryStore();
    const chunks = chunksOf("a", "bb", "a", "ccc", "dddd");
    expect((await lengths({}, { dataDir }).load(chunks)).map(({ length }) => length)).toEqual([1, 2, 1, 3, 4]);
    expect(batches).toEqual([["a", "bb", "ccc"], ["dddd"]]);
    batches.length = 0;
    const more = chunksOf("ccc", "eeeee", "a");
    expect((await lengths({}, { dataDir }).load(more)).map(({ length }) => length)).toEqual([3, 5, 1]);
    expect(batches).toEqual([["eeeee"]]);
    expect((await lengths({ model: "large" }, { dataDir }).load(chunksOf("a")))[0]?.model).toBe("large");
    expect(await lengths({}, { dataDir }).load([])).toEqual([]);
  });

  test("knows items by what of them counts", async () => {
    const { lengths } = createWorld();
    const map = lengths({}, { dataDir: memoryStore() });
    expect(map.addressOf({ text: "a", page: 1 })).toBe(map.addressOf({ text: "a", page: 2 }));
    expect(map.addressOf({ text: "a", page: 1 })).not.toBe(map.addressOf({ text: "b", page: 1 }));
    expect(map.addressOf({ text: "a", page: 1 })).not.toBe(lengths({ model: "x" }).addressOf({ text: "a", page: 1 }));
  });

  test("says what is missing, each once", async () => {
    const { batches, lengths } = createWorld();
    const map = lengths({}, { dataDir: memoryStore() });
    await map.load(chunksOf("a"));
    batches.length = 0;
    expect((await map.missing(chunksOf("b", "a", "b", "c"))).map(({ text }) => text)).toEqual(["b", "c"]);
    expect(batches).toEqual([]);
  });

  test("keeps what was through when a batch fails, and goes on from there", async () => {
    let isBroken = true;
    const { batches, lengths } = createWorld({ batchSize: 2, fails: (items) => isBroken && items[0]?.text === "cc" });
    const dataDir = memoryStore();
    const chunks = chunksOf("a", "bb", "cc", "dd", "ee");
    const error = await lengths({}, { dataDir })
      .load(chunks)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BatchFailedError);
    expect(error).toMatchObject({ failedItems: 2, cause: { message: "no luck with cc" } });
    expect((error as Error).message).toBe(
      "2 items of lengths could not be generated; 2 are persisted. no luck with cc",
    );
    isBroken = false;
    batches.length = 0;
    await lengths({}, { dataDir }).load(chunks);
    expect(batches).toEqual([["cc", "dd"], ["ee"]]);
  });

  test("tries a batch again as often as it may, and gives up what takes too long", async () => {
    let attempts = 0;
    const flaky = persistableMap({
      name: "flaky",
      item: (text: string) => text,
      retries: { retries: 2, minDelayMs: 1 },
      timeoutMs: 20,
      generateBatch: ({ items }) => {
        attempts++;
        return attempts < 3 ? new Promise<number[]>(() => {}) : items.map((text) => text.length);
      },
    });
    expect(await flaky({}, { dataDir: memoryStore() }).load(["a", "bb"])).toEqual([1, 2]);
    expect(attempts).toBe(3);
  });

  test("refuses a wrong number of payloads, what is not valid, and what the format cannot hold, before anything is written", async () => {
    const dataDir = memoryStore();
    const define = (generateBatch: (items: readonly string[]) => unknown[]) =>
      persistableMap({
        name: "odd",
        item: (text: string) => text,
        format: json(),
        validate: (payload) => {
          if (payload === "bad") throw new Error("not valid");
        },
        generateBatch: ({ items }) => generateBatch(items) as never[],
      })({}, { dataDir });
    await expect(define(() => [1]).load(["a", "b"])).rejects.toThrow(
      "generateBatch of odd gave 1 payloads for 2 items",
    );
    await expect(define(() => [1, "bad"]).load(["a", "b"])).rejects.toThrow("not valid");
    await expect(define(() => [1, 2n]).load(["a", "b"])).rejects.toThrow(/json/);
    expect(await define(() => []).missing(["a", "b"])).toEqual(["a", "b"]);
  });

  test("tells how far it is, and can be aborted between batches", async () => {
    const { batches, lengths } = createWorld({ batchSize: 1 });
    const dataDir = memoryStore();
    const abort = new AbortController();
    const seen: string[] = [];
    const loading = lengths({}, { dataDir }).load(chunksOf("a", "b", "c"), {
      signal: abort.signal,
      onProgress: ({ done, total, hits }) => {
        seen.push(`${done}/${total} ${hits}`);
        if (done === 2) abort.abort(new Error("enough"));
      },
    });
    await expect(loading).rejects.toThrow("enough");
    expect(seen).toEqual(["1/3 0", "2/3 0"]);
    expect(batches.flat()).toEqual(["a", "b"]);
    expect((await lengths({}, { dataDir }).missing(chunksOf("a", "b", "c"))).map(({ text }) => text)).toEqual(["c"]);
  });

  test("generates an item once for all who ask at the same time", async () => {
    const { batches, lengths } = createWorld({ batchSize: 2 });
    const dataDir = memoryStore();
    const maps = [lengths({}, { dataDir }), lengths({}, { dataDir })];
    const loads = [chunksOf("a", "b", "c"), chunksOf("c", "b", "d")].map((chunks, i) => maps[i]?.load(chunks));
    const [one, other] = await Promise.all(loads);
    expect(one?.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(other).toHaveLength(3);
    expect(batches.flat().sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("streams items with a few batches in memory", async () => {
    const { batches, lengths } = createWorld({ batchSize: 2 });
    const seen: number[] = [];
    let batchesWhenFirst = 0;
    for await (const { length } of lengths({}, { dataDir: memoryStore() }).stream(
      chunksOf("a", "bb", "ccc", "dddd", "eeeee"),
    )) {
      if (seen.length === 0) batchesWhenFirst = batches.length;
      seen.push(length);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(batchesWhenFirst).toBe(1);
  });
});

describe("packs", () => {
  test("hold a batch each, in one file, with a header that people can read", async () => {
    await using folder = await temporaryFolder();
    const { lengths } = createWorld({ batchSize: 100 });
    await lengths({}, { dataDir: folder.path }).load(chunksOf(...Array.from({ length: 250 }, (_, i) => `text ${i}`)));
    const packs = packsIn(folder.path);
    expect(packs).toHaveLength(3);
    const text = readFileSync(packs[0] ?? "", "latin1");
    const header = JSON.parse(text.slice(76, text.indexOf("\n", 76)));
    expect(header).toMatchObject({
      pack: 1,
      name: "lengths",
      params: { model: "small" },
      format: "structured",
      cost: { tokens: 100 },
    });
    expect(header.items).toHaveLength(100);
  });

  test("are put into one, and others that read them meanwhile lose nothing", async () => {
    await using folder = await temporaryFolder();
    const { batches, lengths } = createWorld({ batchSize: 1 });
    const chunks = chunksOf("a", "bb", "ccc");
    const reader = lengths({}, { dataDir: folder.path });
    await reader.load(chunks);
    expect(await lengths({}, { dataDir: folder.path }).compact()).toEqual({ before: 3, after: 1 });
    expect(packsIn(folder.path)).toHaveLength(1);
    batches.length = 0;
    expect((await reader.load(chunks)).map(({ length }) => length)).toEqual([1, 2, 3]);
    expect((await lengths({}, { dataDir: folder.path }).load(chunks)).map(({ length }) => length)).toEqual([1, 2, 3]);
    expect(batches).toEqual([]);
  });

  test("that lose a single bit anywhere, or their end, never give a wrong payload; what is lost is generated anew", async () => {
    await using folder = await temporaryFolder();
    const { lengths } = createWorld({ batchSize: 10 });
    const chunks = chunksOf("a", "bb", "ccc");
    await lengths({}, { dataDir: folder.path }).load(chunks);
    const [pack = ""] = packsIn(folder.path);
    const whole = readFileSync(pack);
    const check = async (what: string): Promise<void> => {
      const loaded = await lengths({}, { dataDir: folder.path }).load(chunks);
      expect(
        loaded.map(({ length }) => length),
        what,
      ).toEqual([1, 2, 3]);
      for (const other of packsIn(folder.path)) if (other !== pack) truncateSync(other, 0);
      writeFileSync(pack, whole);
    };
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      writeFileSync(pack, damaged);
      await check(`bit ${at % 8} of byte ${at}`);
    }
    for (let length = 0; length < whole.length; length += 29) {
      writeFileSync(pack, whole.subarray(0, length));
      await check(`cut at ${length}`);
    }
  });

  test("are read only where something of them is wanted", async () => {
    const inner = memoryStore();
    let bytesRead = 0;
    const counting = new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === "read") {
          return async (...args: Parameters<Store["read"]>) => {
            const bytes = await target.read(...args);
            bytesRead += bytes?.length ?? 0;
            return bytes;
          };
        }
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const big = persistableMap({
      name: "big",
      item: (i: number) => i,
      batchSize: 100,
      generateBatch: ({ items }) => items.map((i) => new Float64Array(2000).fill(i)),
    });
    const items = Array.from({ length: 2000 }, (_, i) => i);
    await big({}, { dataDir: inner }).load(items, { concurrency: 4 });
    bytesRead = 0;
    const few = await big({}, { dataDir: counting }).load([5, 777, 2500]);
    expect(few.map((array) => array[0])).toEqual([5, 777, 2500]);
    // Of 32 MB: the headers, and two items.
    expect(bytesRead).toBeLessThan(2_000_000);
  });
});

test("any items in any order, with any there before and any failures: each is generated once, and in its place", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.boolean(), { maxLength: 12 }),
      async (loads, batchSize, concurrency, fails) => {
        const generated: number[] = [];
        let batch = 0;
        const squares = persistableMap({
          name: "squares",
          item: (i: number) => i,
          batchSize,
          generateBatch: async ({ items }) => {
            if (fails[batch++] === true) throw new Error("no luck");
            await new Promise((resolve) => setImmediate(resolve));
            generated.push(...items);
            return items.map((i) => i * i);
          },
        });
        const dataDir = memoryStore();
        for (const items of loads) {
          for (let attempt = 0; ; attempt++) {
            try {
              expect(await squares({}, { dataDir }).load(items, { concurrency })).toEqual(items.map((i) => i * i));
              break;
            } catch (error) {
              if (!(error instanceof BatchFailedError) || attempt > fails.length) throw error;
            }
          }
        }
        expect([...generated].sort((a, b) => a - b)).toEqual([...new Set(loads.flat())].sort((a, b) => a - b));
      },
    ),
    { numRuns },
  );
});

test(`what was through survives a kill (${KILLS} kills)`, async () => {
  await using folder = await temporaryFolder();
  const file = await buildChild("test/support/persistable-map-child.ts");
  const done = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    const input: MapChildInput = { dataDir: folder.path, first: kill * 40, count: 400, batchSize: 5 };
    await using child = startChild(file, input);
    await child.waitFor<MapChildLine>(({ done: count }) => count >= 10);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
    child.kill();
    await child.ended;
    const most = Math.max(...(child.told as MapChildLine[]).map((line) => line.done));
    for (let i = 0; i < most; i++) done.add(input.first + i);
  }
  const generated: number[] = [];
  const map = persistableMap({
    name: "killed",
    item: (i: number) => i,
    generateBatch: ({ items }) => {
      generated.push(...items);
      return items.map((i) => `payload ${i}`);
    },
  });
  const items = [...done];
  const loaded = await map({}, { dataDir: fileStore(folder.path) }).load(items);
  expect(loaded).toEqual(items.map((i) => `payload ${i}`));
  expect(generated).toEqual([]);
  expect(packsIn(folder.path).every((pack) => statSync(pack).size > 0)).toBe(true);
});
