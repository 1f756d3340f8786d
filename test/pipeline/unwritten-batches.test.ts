import { expect, test } from "vitest";
import { definePersistable, json, memoryStore, npy, type Store, structured } from "../../src/entry/index.ts";
import { BatchFailedError, persistableMap, run } from "../../src/entry/pipeline.ts";
import { type FaultyStore, faultyStore } from "../support/faulty-store.ts";

const ITEMS = Array.from({ length: 50 }, (_, n) => n);
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function failsOnce(store: FaultyStore, how: true | "late" = true): void {
  let left = 1;
  store.fails = (operation, path) => (operation === "create" && path.endsWith(".pack") && left-- > 0 ? how : false);
}

function world(options: { readonly retries?: number; readonly batchSize?: number } = {}) {
  const { retries = 0, batchSize = 50 } = options;
  const paid: number[] = [];
  const memory = new Float64Array(2);
  const squares = persistableMap({
    name: "squares",
    item: (n: number) => n,
    format: npy(),
    batchSize,
    retries: { retries, minDelayMs: 1 },
    generateBatch: ({ items, cost }) => {
      paid.push(...items);
      cost({ usd: items.length });
      return items.map((n) => (items.length === 1 ? memory.fill(n * n) : new Float64Array(2).fill(n * n)));
    },
  });
  return { paid, map: (dataDir: Store) => squares({}, { dataDir, logger: silent }) };
}

function squaresOf(payloads: readonly Float64Array[]): (number | undefined)[] {
  return payloads.map(([square]) => square);
}

const SQUARES = ITEMS.map((n) => n * n);

test.each([true, "late"] as const)(
  "a pack that could not be written once (%s) is written by the next attempt",
  async (how) => {
    const store = faultyStore(memoryStore());
    const { paid, map } = world({ retries: 2 });
    failsOnce(store, how);
    expect(squaresOf(await map(store).load(ITEMS))).toEqual(SQUARES);
    expect(paid).toEqual(ITEMS);
    expect(squaresOf(await map(store).load(ITEMS))).toEqual(SQUARES);
  },
);

test("what was generated is kept where it could not be written, and the next call only writes it", async () => {
  const store = faultyStore(memoryStore());
  const { paid, map } = world({ batchSize: 20 });
  const squares = map(store);
  failsOnce(store);
  const error = (await squares.load(ITEMS).catch((thrown: unknown) => thrown)) as BatchFailedError;
  expect(error).toBeInstanceOf(BatchFailedError);
  expect(error.message).toMatch(
    /^20 items of squares were generated, and could not be persisted .*; 0 are persisted\. /,
  );
  expect(error).toMatchObject({ failedItems: 20, keptItems: 20, cause: { code: "PERSISTABLE_STORE_IO" } });
  expect(squaresOf(error.payload as Float64Array[])).toEqual(SQUARES.slice(0, 20));
  // Neither what the caller does to it nor what the generator does with its memory changes what is
  // written.
  for (const payload of error.payload as Float64Array[]) payload.fill(-1);
  expect(paid).toHaveLength(20);
  expect(squaresOf(await squares.load(ITEMS.slice(10, 30)))).toEqual(SQUARES.slice(10, 30));
  expect(paid).toEqual([...ITEMS.slice(0, 20), ...ITEMS.slice(20, 30)]);
  expect(squaresOf(await map(store).load(ITEMS))).toEqual(SQUARES);
  expect(paid.toSorted((a, b) => a - b)).toEqual(ITEMS);
});

test("another object of the same map writes it, too, and its pack says what the first generation cost", async () => {
  const inner = memoryStore();
  const store = faultyStore(inner);
  const { paid, map } = world();
  const first = map(store);
  failsOnce(store);
  await expect(first.load(ITEMS)).rejects.toThrow("generated, and could not be persisted");
  expect(squaresOf(await map(store).load(ITEMS))).toEqual(SQUARES);
  expect(paid).toEqual(ITEMS);
  for await (const { path } of inner.list("squares/packs/")) {
    const header = Buffer.from((await inner.read(path)) ?? []).toString("latin1");
    expect(header).toContain('"cost":{"usd":50}');
  }
});

test("a store that is full is not tried again, and nothing is generated again", async () => {
  const { paid, map } = world({ retries: 5 });
  const full = faultyStore(memoryStore());
  const { StoreFullError } = await import("../../src/entry/index.ts");
  let isFull = true;
  let tried = 0;
  const store: Store = {
    ...full,
    createIfAbsent: (path, chunks, options) => {
      if (!isFull) return full.createIfAbsent(path, chunks, options);
      tried += 1;
      throw new StoreFullError({ operation: "create", path, systemCode: "ENOSPC" });
    },
  };
  const squares = map(store);
  await expect(squares.load(ITEMS)).rejects.toMatchObject({ cause: { code: "PERSISTABLE_STORE_FULL" } });
  expect([paid.length, tried]).toEqual([50, 1]);
  isFull = false;
  expect(squaresOf(await squares.load(ITEMS))).toEqual(SQUARES);
  expect(paid).toHaveLength(50);
});

test("what its format cannot hold is not generated again, unless it is forgotten", async () => {
  let paid = 0;
  const odd = persistableMap({
    name: "odd",
    item: (n: number) => n,
    format: json(),
    retries: { retries: 3, minDelayMs: 1 },
    generateBatch: ({ items }) => {
      paid += 1;
      return items.map((n) => (n === 1 && paid === 1 ? new Date(0) : n)) as never[];
    },
  })({}, { dataDir: memoryStore() });
  const refusal = { code: "PERSISTABLE_BATCH_FAILED", keptItems: 2, payload: [0, new Date(0)] };
  await expect(odd.load([0, 1])).rejects.toMatchObject(refusal);
  await expect(odd.load([0, 1])).rejects.toMatchObject(refusal);
  expect(paid).toBe(1);
  odd.resetPayloads();
  expect(await odd.load([0, 1])).toEqual([0, 1]);
  expect(paid).toBe(2);
});

test("what the validator refuses is generated again by a retry, and asked about once more by the next call", async () => {
  let paid = 0;
  let isStrict = true;
  const map = (retries: number) =>
    persistableMap({
      name: "judged",
      item: (n: number) => n,
      retries: { retries, minDelayMs: 1 },
      validate: (payload) => {
        if (isStrict && Number(payload) < 30) throw new Error("too small");
      },
      generateBatch: ({ items }) => {
        paid += 1;
        return items.map(() => paid * 10);
      },
    })({}, { dataDir: memoryStore() });
  expect(await map(3).load([0])).toEqual([30]);
  expect(paid).toBe(3);
  paid = 0;
  const judged = map(0);
  await expect(judged.load([0])).rejects.toMatchObject({ keptItems: 0, payload: [10] });
  await expect(judged.load([0])).rejects.toThrow("could not be generated");
  expect(paid).toBe(2);
  isStrict = false;
  expect(await judged.load([0])).toEqual([20]);
  expect(paid).toBe(2);
});

test("what was generated when the caller gave up is written by the next call", async () => {
  const { paid, map } = world();
  const inner = memoryStore();
  const abort = new AbortController();
  const store: Store = {
    ...faultyStore(inner),
    createIfAbsent: async (path, chunks, options) => {
      abort.abort(new Error("enough"));
      options?.signal?.throwIfAborted();
      return inner.createIfAbsent(path, chunks, options);
    },
  };
  const squares = map(store);
  await expect(squares.load(ITEMS, { signal: abort.signal })).rejects.toThrow("enough");
  expect(squaresOf(await squares.load(ITEMS))).toEqual(SQUARES);
  expect(paid).toHaveLength(50);
});

test("what another process has persisted meanwhile is loaded, and what was kept is forgotten", async () => {
  const inner = memoryStore();
  const store = faultyStore(inner);
  const { paid, map } = world();
  const squares = map(store);
  failsOnce(store);
  await expect(squares.load(ITEMS)).rejects.toThrow(BatchFailedError);
  // As seen from here, the other one writes into the same place.
  const other = world();
  await other.map(inner).load(ITEMS);
  let written = 0;
  store.fails = (operation) => {
    if (operation === "create") written += 1;
    return false;
  };
  expect(squaresOf(await squares.load(ITEMS))).toEqual(SQUARES);
  expect([paid.length, written]).toEqual([50, 0]);
});

test("a run tries again to write what a map inside of a generator could not write", async () => {
  const store = faultyStore(memoryStore());
  const { paid, map } = world();
  const index = definePersistable({
    name: "index",
    format: structured(),
    generate: async () => squaresOf(await map(store).load(ITEMS)),
  })({}, { dataDir: memoryStore(), logger: silent });
  failsOnce(store);
  const kept = map(store);
  await run([index], { retries: { retries: 2, minDelayMs: 1 }, keepRecord: false });
  expect(await index.payload).toEqual(SQUARES);
  expect(paid).toHaveLength(50);
  expect(await kept.missing(ITEMS)).toEqual([]);
});
