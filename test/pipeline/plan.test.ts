import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AnyPersistable,
  definePersistable,
  memoryStore,
  Persistable,
  type Store,
  typedParams,
} from "persistable-ts";
import { plan } from "persistable-ts/pipeline";
import { describe, expect, it } from "vitest";
import { triesAllCases } from "../support/chosen-cases.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MANY = triesAllCases ? 100_000 : 20_000;

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; seed?: number }>(),
  generate: ({ params, cost }) => {
    cost({ usd: params.n });
    return params.n;
  },
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number }>(),
  dependencies: { points },
  generate: async ({ params, dependencies }) => (await dependencies.points.payload) * params.zThreshold,
});
const report = definePersistable({
  name: "report",
  dependencies: { estimator, points },
  generate: async ({ dependencies }) => (await dependencies.estimator.payload) + (await dependencies.points.payload),
});

class Link extends Persistable<number, { readonly index: number }, Readonly<Record<string, AnyPersistable>>> {
  static override readonly payloadName = "link";
  static generated = 0;
  protected override generatePayload(): number {
    Link.generated += 1;
    return this.params.index;
  }
}

/** A report and what it is made from, at `n` points and a threshold. */
function reportOf(dataDir: Store, zThreshold: number, n: number) {
  return report({ estimator: { zThreshold, points: { n } }, points: { n } }, { dataDir });
}

/** A store in memory without synchronous calls, which counts the calls that it gets. */
function waitingStore(): { readonly store: Store; readonly calls: Record<"stat" | "list" | "read", number> } {
  const inner = memoryStore();
  const calls = { stat: 0, list: 0, read: 0 };
  const store: Store = {
    url: inner.url,
    capabilities: inner.capabilities,
    read: (...args) => {
      calls.read += 1;
      return inner.read(...args);
    },
    stat: (...args) => {
      calls.stat += 1;
      return inner.stat(...args);
    },
    list: (...args) => {
      calls.list += 1;
      return inner.list(...args);
    },
    writeFresh: (...args) => inner.writeFresh(...args),
    createIfAbsent: (...args) => inner.createIfAbsent(...args),
    replace: (...args) => inner.replace(...args),
    move: (...args) => inner.move(...args),
    remove: (...args) => inner.remove(...args),
  };
  return { store, calls };
}

describe("what is planned", () => {
  it("stands after everything that it is made from, each address once", async () => {
    const dataDir = memoryStore();
    const { nodes, targets } = await plan([
      reportOf(dataDir, 1, 10),
      reportOf(dataDir, 2, 10),
      reportOf(dataDir, 1, 10),
    ]);
    expect(nodes.map(({ name }) => name)).toEqual(["points", "estimator", "report", "estimator", "report"]);
    expect(nodes.map(({ dependencies }) => dependencies.map(({ index }) => index))).toEqual([
      [],
      [0],
      [1, 0],
      [0],
      [3, 0],
    ]);
    expect(nodes.filter(({ isTarget }) => isTarget).map(({ index }) => index)).toEqual([2, 4]);
    expect(targets).toHaveLength(3);
  });

  it("is a hit, a miss, or blocked by misses", async () => {
    const dataDir = memoryStore();
    await points({ n: 10 }, { dataDir }).payload;
    const { nodes, counts } = await plan(reportOf(dataDir, 1, 10));
    expect(nodes.map(({ name, state }) => [name, state])).toEqual([
      ["points", "hit"],
      ["estimator", "miss"],
      ["report", "blocked"],
    ]);
    expect(nodes[2]?.blockedBy).toEqual([nodes[1]]);
    expect(nodes[1]?.blockedBy).toEqual([]);
    expect(counts).toEqual({ hit: 1, miss: 1, blocked: 1, notNeeded: 0 });
  });

  it("is not needed upstream of what is there", async () => {
    const dataDir = memoryStore();
    const target = reportOf(dataDir, 1, 10);
    await target.payload;
    await removeRecord(dataDir, points({ n: 10 }, { dataDir }));
    const { nodes, counts } = await plan(target);
    expect(nodes.map(({ state, isNeeded }) => [state, isNeeded])).toEqual([
      ["miss", false],
      ["hit", false],
      ["hit", true],
    ]);
    expect(counts).toEqual({ hit: 1, miss: 0, blocked: 0, notNeeded: 2 });
    expect(nodes[0]?.reason).toBeUndefined();
  });

  it("is found under an earlier name", async () => {
    const dataDir = memoryStore();
    await points({ n: 10 }, { dataDir }).payload;
    const renamed = definePersistable({
      name: "samples",
      aliases: ["points"],
      params: typedParams<{ n: number }>(),
      generate: ({ params }) => params.n,
    });
    expect((await plan(renamed({ n: 10 }, { dataDir }))).counts.hit).toBe(1);
    expect((await plan(renamed({ n: 11 }, { dataDir }))).counts.miss).toBe(1);
  });

  it("is generated again where it is forced, and nothing that is made from it", async () => {
    const dataDir = memoryStore();
    const target = reportOf(dataDir, 1, 10);
    await target.payload;
    const forced = await plan(target, { force: [points({ n: 10 }, { dataDir })] });
    expect(forced.nodes.map(({ state, isNeeded, isForced }) => [state, isNeeded, isForced])).toEqual([
      ["miss", true, true],
      ["hit", false, false],
      ["hit", true, false],
    ]);
    expect(forced.nodes[0]?.reason).toBeUndefined();
    expect(forced.causes.map(({ what, name, count }) => [what, name, count])).toEqual([["forced", "points", 1]]);
  });

  it("needs what a forced one is made from", async () => {
    const dataDir = memoryStore();
    const target = reportOf(dataDir, 1, 10);
    await target.payload;
    await removeRecord(dataDir, points({ n: 10 }, { dataDir }));
    const { nodes } = await plan(target, { force: [target] });
    expect(nodes.map(({ state, isNeeded }) => [state, isNeeded])).toEqual([
      ["miss", true],
      ["hit", true],
      ["blocked", true],
    ]);
  });

  it("refuses what is no persistable", async () => {
    await expect(plan([{} as AnyPersistable])).rejects.toThrow("A target of a plan is an object");
  });
});

describe("planning", () => {
  it("generates and loads nothing", async () => {
    const dataDir = memoryStore();
    const before = Link.generated;
    const link = new Link({ dataDir, params: { index: 1 }, dependencies: {} });
    expect((await plan(link)).counts.miss).toBe(1);
    expect(Link.generated).toBe(before);
    expect(await link.isPersisted()).toBe(false);
  });

  it.each([
    ["deep", 1],
    ["of diamonds", 2],
  ])(`takes a graph of ${MANY} nodes, %s`, async (_, width) => {
    const layers = buildLayers(memoryStore(), MANY / width, width);
    const { counts, nodes } = await plan(layers);
    expect(counts).toEqual({ hit: 0, miss: width, blocked: MANY - width, notNeeded: 0 });
    expect(nodes.at(-1)?.dependencies.map(({ index }) => index)).toHaveLength(width);
  });

  it("takes a node that is made from 200 others", async () => {
    const dataDir = memoryStore();
    const leaves = Array.from(
      { length: 200 },
      (_, index) => new Link({ dataDir, params: { index }, dependencies: {} }),
    );
    const dependencies = Object.fromEntries(leaves.map((leaf, role) => [`leaf${role}`, leaf]));
    const { counts } = await plan(new Link({ dataDir, params: { index: -1 }, dependencies }));
    expect(counts).toEqual({ hit: 0, miss: 200, blocked: 1, notNeeded: 0 });
  });

  it("lets others have their turn, and stops when it is aborted", async () => {
    const dataDir = memoryStore();
    const controller = new AbortController();
    function* endless(): Iterable<AnyPersistable> {
      for (let index = 0; ; index++) yield new Link({ dataDir, params: { index }, dependencies: {} });
    }
    setTimeout(() => controller.abort(new Error("enough")), 10);
    await expect(plan(endless(), { signal: controller.signal })).rejects.toThrow("enough");
    await expect(plan([], { signal: controller.signal })).rejects.toThrow("enough");
  });

  it("looks at a folder on the disk, and at nothing but whether there is a record", async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    const link = new Link({ dataDir: dir, params: { index: 1 }, dependencies: {} });
    await mkdir(join(dir, "link"));
    await writeFile(join(dir, "link", `${link.address}.json`), "damaged");
    expect((await plan(link)).counts).toEqual({ hit: 1, miss: 0, blocked: 0, notNeeded: 0 });
    const other = new Link({ dataDir: dir, params: { index: 2 }, dependencies: {} });
    expect((await plan(other)).counts).toEqual({ hit: 0, miss: 1, blocked: 0, notNeeded: 0 });
  });

  it("asks a store that has to be waited for about each, or for a list where they are many", async () => {
    const { store, calls } = waitingStore();
    const links = Array.from(
      { length: 99 },
      (_, index) => new Link({ dataDir: store, params: { index }, dependencies: {} }),
    );
    await links[42]?.payload;
    Object.assign(calls, { stat: 0, list: 0, read: 0 });
    expect((await plan(links)).counts).toEqual({ hit: 1, miss: 98, blocked: 0, notNeeded: 0 });
    // The reasons of the misses take a list of artifacts, and once a list of what an index holds.
    expect(calls).toEqual({ stat: 99, list: 2, read: 1 });
    links.push(new Link({ dataDir: store, params: { index: 99 }, dependencies: {} }));
    Object.assign(calls, { stat: 0, list: 0, read: 0 });
    const { nodes } = await plan(links);
    expect(nodes.filter(({ state }) => state === "hit").map(({ index }) => index)).toEqual([42]);
    // The record was read for the plan before.
    expect(calls).toEqual({ stat: 0, list: 2, read: 0 });
  });

  it("gives up a list of too many others", async () => {
    const { store, calls } = waitingStore();
    const links = Array.from(
      { length: 100 },
      (_, index) => new Link({ dataDir: store, params: { index }, dependencies: {} }),
    );
    await links[7]?.payload;
    for (let i = 0; i < 2000; i++) await store.createIfAbsent(`link/${i}.txt` as never, []);
    Object.assign(calls, { stat: 0, list: 0, read: 0 });
    expect((await plan(links)).counts.hit).toBe(1);
    expect(calls.stat).toBeGreaterThanOrEqual(99);
  });

  it("finds earlier names in a store that has to be waited for", async () => {
    const { store } = waitingStore();
    await points({ n: 10 }, { dataDir: store }).payload;
    const renamed = definePersistable({
      name: "samples",
      aliases: ["points"],
      params: typedParams<{ n: number }>(),
      generate: ({ params }) => params.n,
    });
    const { nodes } = await plan([renamed({ n: 10 }, { dataDir: store }), renamed({ n: 11 }, { dataDir: store })]);
    expect(nodes.map(({ state }) => state)).toEqual(["hit", "miss"]);
  });

  it("tells the failure of a store, and does not take it for a miss", async () => {
    const { store } = waitingStore();
    const failing: Store = { ...store, stat: () => Promise.reject(new Error("no network")) };
    const links = Array.from(
      { length: 50 },
      (_, index) => new Link({ dataDir: failing, params: { index }, dependencies: {} }),
    );
    await expect(plan(links)).rejects.toThrow("no network");
  });
});

describe("what is expected", () => {
  it("is the median time and the mean cost of earlier records, for misses only", async () => {
    const dataDir = memoryStore();
    await points({ n: 10 }, { dataDir }).payload;
    await points({ n: 30 }, { dataDir }).payload;
    const { expected, nodes } = await plan([
      points({ n: 1 }, { dataDir }),
      points({ n: 2 }, { dataDir }),
      points({ n: 10 }, { dataDir }),
    ]);
    expect(nodes.map(({ expectedCost }) => expectedCost)).toEqual([{ usd: 20 }, { usd: 20 }, undefined]);
    expect(expected.cost).toEqual({ usd: 40 });
    const each = nodes[0]?.expectedMs ?? Number.NaN;
    expect(expected.durationMs).toBeCloseTo(2 * each);
    expect(expected.criticalPathMs).toBeCloseTo(each);
    expect(nodes[2]?.expectedMs).toBeUndefined();
    expect(expected.unknown).toEqual([]);
  });

  it("says of which names nothing is known", async () => {
    const dataDir = memoryStore();
    await points({ n: 10 }, { dataDir }).payload;
    const { expected } = await plan(reportOf(dataDir, 1, 11));
    expect(expected.unknown).toEqual(["estimator", "report"]);
    expect(expected.durationMs).toBeTypeOf("number");
    expect((await plan(reportOf(memoryStore(), 1, 11))).expected).toEqual({
      cost: {},
      unknown: ["estimator", "points", "report"],
    });
    expect((await plan(points({ n: 10 }, { dataDir }))).expected).toEqual({
      durationMs: 0,
      criticalPathMs: 0,
      cost: {},
      unknown: [],
    });
  });

  it.each([
    ["a store with a synchronous door", memoryStore],
    ["one that has to be waited for", () => waitingStore().store],
  ])("counts the bytes of needed payloads that are there, in %s", async (_, open) => {
    const dataDir = open();
    const target = reportOf(dataDir, 1, 10);
    await target.payload;
    const sizes = await Promise.all(
      [points({ n: 10 }, { dataDir }), target].map(async (one) => (await one.record())?.payload.sizeBytes ?? 0),
    );
    expect(await (await plan([target, points({ n: 10 }, { dataDir })])).bytesOnHand()).toBe(
      (sizes[0] ?? 0) + (sizes[1] ?? 0),
    );
    expect(await (await plan(target)).bytesOnHand()).toBe(sizes[1]);
  });
});

async function removeRecord(store: Store, persistable: AnyPersistable): Promise<void> {
  await store.remove(`${persistable.name}/${persistable.address}.json` as never);
}

/** Each is made from every one of the layer before. */
function buildLayers(dataDir: Store, depth: number, width: number): AnyPersistable[] {
  let layer: AnyPersistable[] = [];
  for (let row = 0; row < depth; row++) {
    const dependencies = Object.fromEntries(layer.map((link, role) => [`link${role}`, link]));
    layer = Array.from(
      { length: width },
      (_, column) => new Link({ dataDir, params: { index: row * width + column }, dependencies }),
    );
  }
  return layer;
}
