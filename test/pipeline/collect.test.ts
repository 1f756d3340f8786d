import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definePersistable, fileStore, memoryStore, typedParams } from "../../src/entry/index.ts";
import { collect, InvalidTableError, run, sweep } from "../../src/entry/pipeline.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function createWorld() {
  const generated: string[] = [];
  const points = definePersistable({
    name: "points",
    params: z.object({ n: z.int(), randomState: z.int().default(7) }),
    generate: ({ params, cost }) => {
      generated.push(`points ${params.n}`);
      cost({ usd: params.n / 100 });
      return Float64Array.from({ length: params.n }, (_, i) => i);
    },
  });
  const estimator = definePersistable({
    name: "estimator",
    params: z.object({
      zThreshold: z.number(),
      model: z.object({ kind: z.string(), layers: z.array(z.int()) }).optional(),
    }),
    dependencies: { points },
    generate: async ({ params, dependencies }) => {
      generated.push(`estimator ${params.zThreshold}`);
      return { mean: (await dependencies.points.payload).length / 2, zThreshold: params.zThreshold };
    },
    summarize: ({ mean }) => ({ mean, isBig: mean > 10 }),
  });
  return { generated, points, estimator };
}

describe("collect", () => {
  test("gives a row for each target in order: params of the whole tree, provenance, summary", async () => {
    const { generated, estimator } = createWorld();
    const study = sweep(estimator, { zThreshold: [1, 2], points: { n: [10, 100] } }, { dataDir: memoryStore() });
    await run(study);
    generated.length = 0;
    const table = await collect(study);
    expect(table.rows.map((row) => [row["points.n"], row.zThreshold, row["points.randomState"]])).toEqual([
      [10, 1, 7],
      [10, 2, 7],
      [100, 1, 7],
      [100, 2, 7],
    ]);
    expect(table.rows[0]).toMatchObject({
      "artifact.name": "estimator",
      "artifact.address": [...study][0]?.address,
      "artifact.state": "persisted",
      "artifact.draw": 0,
      "artifact.format": "structured",
      "artifact.createdAt": expect.any(Date),
      "artifact.durationMs": expect.any(Number),
      "artifact.sizeBytes": expect.any(Number),
      "summary.mean": 5,
      "summary.isBig": false,
    });
    expect(table.columns.slice(0, 3)).toEqual(["zThreshold", "points.n", "points.randomState"]);
    expect(table.columns.slice(-2)).toEqual(["summary.mean", "summary.isBig"]);
    expect(generated).toEqual([]);
  });

  test("shows what is missing and what is damaged, and generates neither", async () => {
    await using folder = await temporaryFolder();
    const { generated, estimator } = createWorld();
    const study = [...sweep(estimator, { zThreshold: [1, 2, 3], points: { n: 10 } }, { dataDir: folder.path })];
    await run(study.slice(0, 2));
    const damaged = path.join(folder.path, "estimator", `${study[1]?.address}.json`);
    writeFileSync(damaged, "{}");
    generated.length = 0;
    const { rows } = await collect(study, { metrics: ({ mean }) => ({ twice: mean * 2 }) });
    expect(
      rows.map((row) => [row.zThreshold, row["artifact.state"], row["summary.mean"], row["metrics.twice"]]),
    ).toEqual([
      [1, "persisted", 5, 10],
      [2, "corrupt", undefined, undefined],
      [3, "missing", undefined, undefined],
    ]);
    expect(rows[1]?.["artifact.problem"]).toContain(study[1]?.address);
    expect(generated).toEqual([]);
  });

  test("measures payloads where it is told to, and lets them go again", async () => {
    const { points } = createWorld();
    const heard: string[] = [];
    const target = points(
      { n: 4 },
      { dataDir: memoryStore(), memory: "shared", onEvent: ({ type }) => heard.push(type) },
    );
    await run(target, { keepPayloads: false });
    heard.length = 0;
    const { rows } = await collect(target, {
      metrics: async (payload, { params }) => ({ last: payload.at(-1), n: params.n }),
    });
    expect(rows).toMatchObject([{ n: 4, "metrics.last": 3, "metrics.n": 4, "cost.usd": 0.04 }]);
    expect(heard).toEqual(["loading", "hit"]);
    await target.payload;
    expect(heard).toEqual(["loading", "hit", "hit"]);
  });

  test("takes plain objects apart, and keeps lists", async () => {
    const { estimator } = createWorld();
    const model = { kind: "mlp", layers: [3, 2] };
    const { rows } = await collect(estimator({ zThreshold: 1, model, points: { n: 1 } }, { dataDir: memoryStore() }));
    expect(rows[0]).toMatchObject({ "model.kind": "mlp", "model.layers": [3, 2] });
  });

  test("finds what lies under an earlier name", async () => {
    const dataDir = memoryStore();
    const old = definePersistable({ name: "old", params: typedParams<{ k: number }>(), generate: () => 1 });
    await old({ k: 1 }, { dataDir }).payload;
    const renamed = definePersistable({
      name: "new",
      aliases: ["old"],
      params: typedParams<{ k: number }>(),
      generate: () => 2,
    });
    const { rows } = await collect(renamed({ k: 1 }, { dataDir }));
    expect(rows[0]).toMatchObject({ "artifact.name": "new", "artifact.state": "persisted" });
  });

  test("collects kinds that have different params, and several draws", async () => {
    const { points, estimator } = createWorld();
    const dataDir = memoryStore();
    const targets = [
      points({ n: 1 }, { dataDir, draw: 2 }),
      estimator({ zThreshold: 9, points: { n: 1 } }, { dataDir }),
    ];
    await run(targets);
    const table = await collect<(typeof targets)[number]>(targets);
    expect(table.columns).toEqual(expect.arrayContaining(["n", "points.n", "zThreshold"]));
    expect(table.rows.map((row) => row["artifact.draw"])).toEqual([2, 0]);
  });

  test("takes a diamond of 60 levels apart no more often than it has columns for, and says so where they are too many", async () => {
    const leaf = definePersistable({ name: "leaf", params: typedParams<{ i: number }>(), generate: () => 1 });
    let node = leaf({ i: 1 }, { dataDir: memoryStore() }) as never;
    for (let level = 0; level < 60; level++) {
      const twice = definePersistable({
        name: `level${level}`,
        dependencies: { left: leaf, right: leaf },
        generate: () => 1,
      });
      node = twice({ left: node, right: node }) as never;
    }
    await expect(collect(node)).rejects.toThrow(InvalidTableError);
  });

  test("refuses a parameter that would take the name of another column", async () => {
    const odd = definePersistable({ name: "odd", params: typedParams<{ "summary.x": number }>(), generate: () => 1 });
    await expect(collect(odd({ "summary.x": 1 }, { dataDir: memoryStore() }))).rejects.toThrow(
      /odd has the parameter summary\.x/,
    );
  });

  test("refuses two parameters that would be one column", async () => {
    const { points } = createWorld();
    const odd = definePersistable({
      name: "odd",
      params: typedParams<{ "points.n": number }>(),
      dependencies: { points },
      generate: () => 1,
    });
    const target = odd({ "points.n": 1, points: { n: 2 } }, { dataDir: memoryStore() });
    await expect(collect(target)).rejects.toThrow(/odd has two parameters that would both be the column points\.n/);
  });

  test("calls a payload damaged that cannot be read, and goes on", async () => {
    await using folder = await temporaryFolder();
    const { points, generated } = createWorld();
    const targets = [points({ n: 2000 }, { dataDir: folder.path }), points({ n: 3000 }, { dataDir: folder.path })];
    await run(targets, { keepPayloads: false });
    const record = await targets[0]?.record();
    const file = path.join(folder.path, "points", record?.payload.file ?? "");
    writeFileSync(file, new Uint8Array(record?.payload.sizeBytes ?? 0));
    generated.length = 0;
    const built = targets.map(({ params }) => points(params, { dataDir: folder.path }));
    const { rows } = await collect(built, { metrics: (payload) => ({ length: payload.length }) });
    expect(rows.map((row) => [row["artifact.state"], row["metrics.length"]])).toEqual([
      ["corrupt", undefined],
      ["persisted", 3000],
    ]);
    expect(rows[0]?.["artifact.problem"]).toContain(record?.payload.file);
    expect(generated).toEqual([]);
  });

  test("tells draws of what is missing apart", async () => {
    const { points } = createWorld();
    const study = sweep(points, { n: 1 }, { dataDir: memoryStore(), draws: 3 });
    const { rows } = await collect(study);
    expect(rows.map((row) => [row["artifact.state"], row["artifact.draw"]])).toEqual([
      ["missing", 0],
      ["missing", 1],
      ["missing", 2],
    ]);
  });

  test("leaves a payload in memory that was there before", async () => {
    const { points } = createWorld();
    const target = points({ n: 4 }, { dataDir: memoryStore(), memory: "shared" });
    const before = await target.payload;
    await collect(target, { metrics: (payload) => ({ isOther: payload !== before }) });
    expect(await target.payload).toBe(before);
  });

  test("asks for no more metrics once one of them has failed", async () => {
    const { points } = createWorld();
    const dataDir = memoryStore();
    const study = [...sweep(points, { n: Array.from({ length: 50 }, (_, i) => i + 1) }, { dataDir })];
    await run(study, { keepPayloads: false });
    const asked: number[] = [];
    const metrics = async (payload: Float64Array) => {
      asked.push(payload.length);
      await Promise.resolve();
      if (payload.length === 3) throw new Error("no such metric");
      return {};
    };
    await expect(collect(study, { metrics, concurrency: 2 })).rejects.toThrow("no such metric");
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).toBeLessThan(10);
  });

  test("refuses what is no persistable", async () => {
    await expect(collect([{}] as never)).rejects.toThrow(/A target of collect .* and not a persistable/);
  });

  test("is aborted in the middle", async () => {
    const { points } = createWorld();
    const dataDir = memoryStore();
    const study = [...sweep(points, { n: Array.from({ length: 50 }, (_, i) => i + 1) }, { dataDir })];
    await run(study, { keepPayloads: false });
    const controller = new AbortController();
    let asked = 0;
    const metrics = () => {
      asked += 1;
      controller.abort(new Error("enough"));
      return {};
    };
    await expect(collect(study, { metrics, signal: controller.signal })).rejects.toThrow("enough");
    expect(asked).toBeLessThan(20);
  });

  test("is aborted", async () => {
    const { points } = createWorld();
    const targets = [points({ n: 1 }, { dataDir: memoryStore() })];
    await expect(collect(targets, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

test("records of a folder are collected without reading payloads", async () => {
  await using folder = await temporaryFolder();
  const { points } = createWorld();
  const big = points({ n: 100_000 }, { dataDir: fileStore(folder.path) });
  await big.payload;
  const record = await big.record();
  // Damage that only reading the payload would find.
  const file = path.join(folder.path, "points", record?.payload.file ?? "");
  writeFileSync(file, new Uint8Array(record?.payload.sizeBytes ?? 0));
  expect((await collect(points({ n: 100_000 }, { dataDir: folder.path }))).rows[0]).toMatchObject({
    "artifact.state": "persisted",
    "cost.usd": 1000,
  });
});
