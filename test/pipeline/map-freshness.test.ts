import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { definePersistable, memoryStore, type Store } from "../../src/entry/index.ts";
import { persistableMap } from "../../src/entry/pipeline.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-03-01T12:00:00Z");

/** Sets the clock of this process alone: timers and promises go on as always. */
function setClock(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

afterEach(() => {
  vi.useRealTimers();
});

/** A map that counts how often each item was generated. */
function createQuotes(
  dataDir: Store,
  more: { readonly maxAge?: number | ((quote: string, made: { readonly createdAt: string }) => number) } = {},
  gate?: () => Promise<unknown>,
) {
  const asked: string[] = [];
  const quotes = persistableMap<string, string>({
    name: "quotes",
    item: (name: string) => name,
    batchSize: 2,
    generateBatch: async ({ items }) => {
      asked.push(...items);
      await gate?.();
      return items.map((name) => `${name} at ${new Date().toISOString()}`);
    },
    ...more,
  });
  /** Loads items, and tells which of them were generated. */
  const load = async (items: readonly string[], options: { maxAge?: number; refresh?: boolean } = {}) => {
    asked.length = 0;
    // A new object each time, as a new process has it.
    const payloads = await quotes({}, { dataDir }).load(items, options);
    return { payloads, generated: [...asked] };
  };
  return { load, quotes: () => quotes({}, { dataDir }) };
}

test("an item that has expired is generated again, alone, and the others are loaded", async () => {
  const { load, quotes } = createQuotes(memoryStore(), { maxAge: HOUR });
  setClock(START);
  await load(["a", "b"]);
  setClock(START + HOUR / 2);
  await load(["c"]);
  setClock(START + HOUR - 1);
  expect((await load(["a", "b", "c"])).generated).toEqual([]);
  setClock(START + HOUR);
  expect(await quotes().missing(["a", "b", "c"])).toEqual(["a", "b"]);
  expect(await quotes().missing(["a", "b", "c"], { maxAge: 2 * HOUR })).toEqual([]);
  const again = await load(["a", "c", "b"]);
  expect(again.generated).toEqual(["a", "b"]);
  expect(again.payloads.map((payload) => payload.slice(0, 18))).toEqual([
    "a at 2026-03-01T13",
    "c at 2026-03-01T12",
    "b at 2026-03-01T13",
  ]);
  expect((await load(["a", "b", "c"])).generated).toEqual([]);
});

test("the age of a call comes before that of the definition, and refresh generates all again", async () => {
  const { load } = createQuotes(memoryStore(), { maxAge: HOUR });
  setClock(START);
  await load(["a", "b"]);
  setClock(START + 2 * HOUR);
  expect((await load(["a"], { maxAge: Number.POSITIVE_INFINITY })).payloads).toEqual(["a at 2026-03-01T12:00:00.000Z"]);
  expect((await load(["a"], { maxAge: 3 * HOUR })).generated).toEqual([]);
  expect((await load(["a", "b"], { maxAge: 0 })).generated).toEqual(["a", "b"]);
  expect((await load(["b"], { refresh: true })).payloads).toEqual(["b at 2026-03-01T14:00:00.000Z"]);
  expect((await load(["a", "b"])).generated).toEqual([]);
});

test("a function says by each payload, and by when it was made, from which age it has expired", async () => {
  const made = new Map<string, string>();
  const { load, quotes } = createQuotes(memoryStore(), {
    maxAge: (quote, { createdAt }) => {
      made.set(quote.slice(0, 1), createdAt);
      return quote.startsWith("final") ? Number.POSITIVE_INFINITY : HOUR;
    },
  });
  setClock(START);
  await load(["a", "final", "b"]);
  setClock(START + HOUR / 2);
  await load(["c"]);
  setClock(START + HOUR - 1);
  expect((await load(["a", "final", "b", "c"])).generated).toEqual([]);
  expect(made.get("a")).toBe(new Date(START).toISOString());
  setClock(START + HOUR);
  expect(await quotes().missing(["a", "final", "b", "c"])).toEqual(["a", "b"]);
  expect(await quotes().missing(["a", "final"], { maxAge: 0 })).toEqual(["a", "final"]);
  const again = await load(["c", "b", "final", "a"]);
  expect(again.generated).toEqual(["b", "a"]);
  expect(again.payloads.map((payload) => payload.replace(/ at .*T/, " "))).toEqual([
    "c 12:30:00.000Z",
    "b 13:00:00.000Z",
    "final 12:00:00.000Z",
    "a 13:00:00.000Z",
  ]);
  expect((await load(["a", "b", "final"], { maxAge: Number.POSITIVE_INFINITY })).generated).toEqual([]);
});

test("a function that gives no age at all has what it was asked for generated, once a call", async () => {
  const { load } = createQuotes(memoryStore(), { maxAge: () => 0 });
  setClock(START);
  await load(["a"]);
  setClock(START + 1);
  const { payloads, generated } = await load(["a", "b"]);
  expect(generated).toEqual(["a", "b"]);
  expect(payloads).toEqual(["a at 2026-03-01T12:00:00.001Z", "b at 2026-03-01T12:00:00.001Z"]);
});

test("an item from the future has expired, where items can expire", async () => {
  const store = memoryStore();
  setClock(START + 24 * HOUR);
  await createQuotes(store).load(["a"]);
  setClock(START);
  expect((await createQuotes(store).load(["a"])).generated).toEqual([]);
  expect((await createQuotes(store, { maxAge: HOUR }).load(["a"])).generated).toEqual(["a"]);
});

test("items keep their age when packs are put together", async () => {
  const { load, quotes } = createQuotes(memoryStore(), { maxAge: HOUR });
  setClock(START);
  await load(["a", "b"]);
  setClock(START + HOUR / 2);
  await load(["c"]);
  setClock(START + HOUR / 2 + 1);
  expect(await quotes().compact()).toEqual({ before: 2, after: 1 });
  expect((await load(["a", "b", "c"])).generated).toEqual([]);
  setClock(START + HOUR);
  expect((await load(["a", "b", "c"])).generated).toEqual(["a", "b"]);
  expect(await quotes().compact()).toEqual({ before: 2, after: 1 });
  setClock(START + HOUR + HOUR / 2);
  expect((await load(["a", "b", "c"])).generated).toEqual(["c"]);
});

test("callers who refresh an item at the same time share what is generated", async () => {
  let batches = 0;
  // A store in memory answers before any timer, so both callers have asked when this one fires.
  const { load } = createQuotes(memoryStore(), {}, async () => (++batches === 1 ? undefined : sleep(50)));
  await load(["a"]);
  // What was made in the millisecond of the call is as new as what the call would make.
  await sleep(2);
  const both = await Promise.all([load(["a"], { refresh: true }), load(["a"], { refresh: true })]);
  expect(both[0]?.payloads).toEqual(both[1]?.payloads);
  expect(batches).toBe(2);
});

test("what generateBatch loads without declaring it is warned of, and listed in the pack", async () => {
  const store = memoryStore();
  const prompt = definePersistable({ name: "map_prompt", version: 3, generate: () => "Say: " });
  const says = persistableMap({
    name: "map_says",
    item: (name: string) => name,
    generateBatch: async ({ items }) => {
      const text = await prompt({}).payload;
      return items.map((name) => text + name);
    },
  });
  const warnings: string[] = [];
  const listen = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", listen);
  try {
    expect(await says({}, { dataDir: store }).load(["a"])).toEqual(["Say: a"]);
    await says({}, { dataDir: store }).load(["b"]);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("warning", listen);
  }
  expect(warnings.filter((text) => text.includes("map_says"))).toEqual([
    expect.stringMatching(/loads map_prompt, .*load map_prompt before, and give its address as a parameter/),
  ]);
  const packs: string[] = [];
  for await (const { path } of store.list("map_says/"))
    packs.push(Buffer.from((await store.read(path)) ?? []).toString("latin1"));
  const { address } = prompt({});
  for (const pack of packs)
    expect(pack).toContain(`"undeclared":[{"name":"map_prompt","address":"${address}","version":3}]`);
  expect(packs).toHaveLength(2);
  // The prompt is where the map is, and not in the default data directory.
  expect(await prompt({}, { dataDir: store }).isPersisted()).toBe(true);
});
