import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { definePersistable, fileStore, memoryStore, typedParams } from "../../src/index.ts";
import { collect, InvalidTableError, run, sweep } from "../../src/pipeline.ts";
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
    await expect(collect([{}] as never)).rejects.toThrow(/A target of collect .* no persistable/);
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

/** Values of every kind, in two rows; the second one is not there. */
async function oddTable() {
  const odd = definePersistable({
    name: "odd",
    params: typedParams<{
      text: string;
      n: number;
      big: bigint;
      on: boolean;
      at: Date;
      list: number[];
      none: null;
      tags: Set<string>;
    }>(),
    generate: () => 1,
    summarize: () => ({ score: -0.5 }),
  });
  const dataDir = memoryStore();
  const shared = { big: 2n ** 60n, on: true, at: new Date(0), list: [1, 2], none: null, tags: new Set(["a"]) };
  const targets = [
    odd({ text: 'comma, "quote"\nline', n: -0, ...shared }, { dataDir }),
    odd({ text: "=1+1", n: Number.NaN, ...shared }, { dataDir }),
  ];
  await targets[0]?.payload;
  return collect(targets);
}

describe("a table", () => {
  test("is written as CSV", async () => {
    const csv = (await oddTable()).toCsv();
    const [header, ...lines] = csv.split(/\n(?=[^l])/);
    expect(header).toMatch(/^text,n,big,on,at,list,none,tags,artifact\.name,artifact\.address,artifact\.state,/);
    expect(lines[0]).toMatch(
      /^"comma, ""quote""\nline",-0,1152921504606846976,true,1970-01-01T00:00:00\.000Z,"\[1,2\]",,"\[""a""\]",odd,[0-9a-f]{64},persisted/,
    );
    expect(lines[1]).toMatch(/^=1\+1,NaN,/);
  });

  const python = ["/usr/bin/python3", "/usr/local/bin/python3"].find((file) => existsSync(file));
  test.skipIf(python === undefined && process.env.CI !== "true")("Python's csv reads the same", async () => {
    await using folder = await temporaryFolder();
    const table = await oddTable();
    const file = path.join(folder.path, "table.csv");
    writeFileSync(file, table.toCsv());
    const script = "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='')))))";
    const read = JSON.parse(execFileSync(python ?? "python3", ["-c", script, file], { encoding: "utf8" }));
    expect(read.map((row: { text: string }) => row.text)).toEqual(['comma, "quote"\nline', "=1+1"]);
    expect(Object.keys(read[0])).toEqual(table.columns);
    expect(read[1]["artifact.state"]).toBe("missing");
    expect(read[1]["summary.score"]).toBe("");
  });

  test("is written as CSV without formulas where it is told to, negative numbers as they are", async () => {
    const odd = definePersistable({
      name: "odd",
      params: typedParams<{ text: string; n: number; "@x": string }>(),
      generate: () => 1,
    });
    const texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'quoted", "plain"];
    const dataDir = memoryStore();
    const table = await collect(texts.map((text) => odd({ text, n: -1, "@x": "" }, { dataDir })));
    // None of these texts needs quotes.
    const written = table.toCsv({ escapeFormulas: true }).trimEnd().split("\n");
    const [header, ...lines] = written.map((line) => line.split(","));
    expect(header?.slice(0, 3)).toEqual(["text", "n", "'@x"]);
    expect(lines.map((line) => line[0])).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'quoted", "plain"]);
    expect(lines.every((line) => line[1] === "-1")).toBe(true);
    expect(table.toCsv()).toContain("\n=1+1,-1,");
  });

  test("is written as JSON, without what is not there", async () => {
    const read = JSON.parse((await oddTable()).toJson());
    expect(read[0]).toMatchObject({
      n: "-0",
      big: "1152921504606846976",
      at: "1970-01-01T00:00:00.000Z",
      list: [1, 2],
      none: null,
      tags: ["a"],
    });
    expect(read[1]).toMatchObject({ n: "NaN", "artifact.state": "missing" });
    expect("summary.score" in read[1]).toBe(false);
  });

  test("is written as Arrow, with types", async () => {
    const table = await oddTable();
    const arrow = tableFromIPC(await table.toArrow());
    expect(arrow.schema.fields.map(({ name }) => name)).toEqual(table.columns);
    const types = Object.fromEntries(arrow.schema.fields.map(({ name, type }) => [name, String(type)]));
    expect(types).toMatchObject({
      text: "Utf8",
      n: "Float64",
      big: "Int64",
      on: "Bool",
      at: "Timestamp<MILLISECOND, UTC>",
      list: "Utf8",
      "summary.score": "Float64",
    });
    expect(arrow.getChild("summary.score")?.toArray()).toBeDefined();
    expect([...(arrow.getChild("summary.score") ?? [])]).toEqual([-0.5, null]);
    expect([...(arrow.getChild("big") ?? [])]).toEqual([2n ** 60n, 2n ** 60n]);
    expect([...(arrow.getChild("list") ?? [])]).toEqual(["[1,2]", "[1,2]"]);
  });

  test("of nothing is empty", async () => {
    const table = await collect([]);
    expect(table.rows).toEqual([]);
    expect(table.toJson()).toBe("[]\n");
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
