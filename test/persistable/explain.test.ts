import { appendFileSync, readdirSync, unlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { definePersistable, describeMiss, memoryStore, NotPersistedError, typedParams } from "../../src/entry/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; seed: number }>(),
  generate: ({ params }) => params.n,
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ z: number }>(),
  dependencies: { points },
  generate: ({ params }) => params.z,
});
const logger = { debug() {}, info() {}, warn() {}, error() {} };

async function missOf(persistable: { explain(): Promise<{ state: string }> }) {
  const explanation = (await persistable.explain()) as Awaited<ReturnType<ReturnType<typeof points>["explain"]>>;
  if (explanation.state !== "miss") throw new Error("expected a miss");
  return explanation.reason;
}

describe("a miss says why", () => {
  test("nothing of this name was generated yet", async () => {
    const reason = await missOf(points({ n: 1, seed: 1 }, { dataDir: memoryStore() }));
    expect(reason).toEqual({ kind: "never-generated" });
    expect(describeMiss(reason)).toBe("never generated");
  });

  test("an own parameter differs from the nearest artifact", async () => {
    const dataDir = memoryStore();
    await points({ n: 1, seed: 1 }, { dataDir }).payload;
    await points({ n: 7, seed: 9 }, { dataDir }).payload;
    const reason = await missOf(points({ n: 2, seed: 1 }, { dataDir }));
    expect(reason).toMatchObject({
      kind: "params-changed",
      changes: [{ what: "param", roles: [], key: "n", value: 2, nearestValue: 1 }],
    });
    expect(describeMiss(reason)).toMatch(
      /^n: 2, nearest artifact has 1 \([0-9a-f]{8}…, (just now|\d+ seconds? ago)\)$/,
    );
  });

  test("something upstream differs, and only the root is named", async () => {
    const dataDir = memoryStore();
    const middle = definePersistable({ name: "middle", dependencies: { estimator }, generate: () => 1 });
    await middle({ estimator: { z: 2, points: { n: 1, seed: 1 } } }, { dataDir }).payload;
    const reason = await missOf(middle({ estimator: { z: 2, points: { n: 1, seed: 5 } } }, { dataDir }));
    expect(reason).toMatchObject({
      kind: "dependency-changed",
      changes: [{ what: "param", roles: ["estimator", "points"], key: "seed", value: 5, nearestValue: 1 }],
    });
    expect(describeMiss(reason)).toMatch(/^estimator\.points\.seed: 5, nearest artifact has 1/);
  });

  test("what two dependencies have in common is named once", async () => {
    const dataDir = memoryStore();
    const left = definePersistable({ name: "left", dependencies: { points }, generate: () => 1 });
    const both = definePersistable({ name: "both", dependencies: { points, left }, generate: () => 1 });
    const tree = (n: number) => ({ points: { n, seed: 1 }, left: { points: { n, seed: 1 } } });
    await both(tree(1), { dataDir }).payload;
    const reason = await missOf(both(tree(2), { dataDir }));
    expect(reason).toMatchObject({ changes: [{ roles: ["points"], key: "n" }] });
    expect(describeMiss(reason).split(";")).toHaveLength(1);
  });

  test("the version, or only the draw, differs", async () => {
    const dataDir = memoryStore();
    await points({ n: 1, seed: 1 }, { dataDir }).payload;
    const second = definePersistable({
      name: "points",
      version: 2,
      params: typedParams<{ n: number; seed: number }>(),
      generate: () => 0,
    });
    expect(await missOf(second({ n: 1, seed: 1 }, { dataDir }))).toMatchObject({
      kind: "version-changed",
      changes: [{ what: "version", value: 2 }],
    });
    const draw = await missOf(points({ n: 1, seed: 1 }, { dataDir, draw: 3 }));
    expect(draw).toMatchObject({ kind: "draw-changed", changes: [{ what: "draw", value: 3, nearestValue: 0 }] });
  });

  test("a parameter is new, or gone", async () => {
    const dataDir = memoryStore();
    const open = definePersistable({ name: "open", params: typedParams<Record<string, number>>(), generate: () => 0 });
    await open({ a: 1, b: 2 }, { dataDir }).payload;
    const reason = await missOf(open({ a: 1, c: 3 }, { dataDir }));
    expect(describeMiss(reason)).toMatch(/c: 3, nearest artifact has none; b: none, nearest artifact has 2/);
  });

  test("the artifact is damaged: which file, and how", async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, logger };
    const persistable = points({ n: 1, seed: 1 }, options);
    await persistable.payload;
    const file = `points/${persistable.address}.json`;
    appendFileSync(folder.join(file), "x");
    expect(await missOf(points({ n: 1, seed: 1 }, options))).toEqual({
      kind: "corrupt",
      file,
      problem: "does not match its checksum",
    });
  });

  test("load throws it, as data and in words", async () => {
    const dataDir = memoryStore();
    await points({ n: 1, seed: 1 }, { dataDir }).payload;
    const error = await points({ n: 2, seed: 1 }, { dataDir })
      .load()
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NotPersistedError);
    expect(error).toMatchObject({ code: "PERSISTABLE_NOT_PERSISTED", reason: { kind: "params-changed" } });
    expect((error as Error).message).toMatch(/n: 2, nearest artifact has 1 .*loadOrGenerate/s);
  });
});

test("a hit is explained by its record, without reading the payload", async () => {
  await using folder = await temporaryFolder();
  const big = definePersistable({ name: "big", inlineBytes: 0, generate: () => [1, 2, 3] });
  const persistable = big({}, { dataDir: folder.path });
  await persistable.payload;
  expect(await persistable.explain()).toMatchObject({
    state: "hit",
    address: persistable.address,
    record: { name: "big" },
  });
  const payload = readdirSync(folder.join("big")).find((file) => !file.endsWith(".json")) ?? "";
  unlinkSync(folder.join("big", payload));
  expect(await missOf(persistable)).toMatchObject({ kind: "corrupt", problem: "is missing" });
});

test("every miss that generates is told with its reason", async () => {
  const dataDir = memoryStore();
  const told: string[] = [];
  const onEvent = (event: { type: string; reason?: string }) =>
    event.type === "miss" && told.push(String(event.reason));
  for (const n of [1, 2]) await points({ n, seed: 1 }, { dataDir, onEvent, logger }).payload;
  expect(told[0]).toBe("never generated");
});
