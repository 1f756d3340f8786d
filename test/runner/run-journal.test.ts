import { appendFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { definePersistable, memoryStore, type StorePath, secret, typedParams } from "../../src/entry/index.ts";
import { listRuns, type RunEvent, readRun, run, type WatchedEvent, watchRun } from "../../src/entry/pipeline.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const child = buildChild("test/support/journal-child.ts");

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; key?: unknown }>(),
  generate: ({ params }) => params.n,
});
const sum = definePersistable({
  name: "sum",
  dependencies: { one: points, other: points },
  generate: async ({ dependencies }) => (await dependencies.one.payload) + (await dependencies.other.payload),
});

async function firstRunIn(folder: string): Promise<string> {
  const runs = path.join(folder, ".persistable", "runs");
  for (;;) {
    const found = existsSync(runs) ? readdirSync(runs).find((name) => name.endsWith(".jsonl")) : undefined;
    if (found !== undefined) return path.basename(found, ".jsonl");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function collected(watched: AsyncIterable<WatchedEvent>): Promise<readonly WatchedEvent[]> {
  const all: WatchedEvent[] = [];
  for await (const event of watched) all.push(event);
  return all;
}

describe("a run of another process", () => {
  test("is watched while it goes on, from the beginning and from a cursor", async () => {
    await using folder = await temporaryFolder();
    await using running = startChild(await child, { dataDir: folder.path });
    const runId = await firstRunIn(folder.path);
    const seen: WatchedEvent[] = [];
    for await (const watched of watchRun(folder.path, runId)) {
      seen.push(watched);
      const { event } = watched;
      if (event.type !== "progress") continue;
      expect(await readRun(folder.path, runId)).toMatchObject({ state: "running", generated: 1 });
      expect(await listRuns(folder.path)).toMatchObject([{ runId, state: "running" }]);
      running.tell("go on");
    }
    const types = ["planned", "started", "generated", "started", "progress", "generated", "finished"];
    expect(seen.map(({ event }) => event.type)).toEqual(types);
    expect(await collected(watchRun(folder.path, runId, { after: seen[3]?.cursor }))).toEqual(seen.slice(4));
    expect(await running.ended).toBe(0);
    expect(await readRun(folder.path, runId)).toMatchObject({ state: "completed", generated: 2, pid: running.pid });
  });

  test("tells the last lines that each generator has logged", async () => {
    await using folder = await temporaryFolder();
    const chatty = definePersistable({
      name: "chatty",
      generate: ({ log }) => {
        for (let page = 1; page <= 30; page++) log.info(`page ${page}`);
        return 1;
      },
    });
    const { runId } = await run(chatty({}, { dataDir: folder.path }));
    const log = (await readRun(folder.path, runId))?.nodes[0]?.log;
    expect(log).toHaveLength(20);
    expect(log?.at(-1)).toEqual({ level: "info", message: "page 30" });
  });

  test("that is killed ends for its watchers, and its record tells how far it came", async () => {
    await using folder = await temporaryFolder();
    await using running = startChild(await child, { dataDir: folder.path });
    const runId = await firstRunIn(folder.path);
    for await (const { event } of watchRun(folder.path, runId)) if (event.type === "progress") running.kill();
    appendFileSync(path.join(folder.path, ".persistable", "runs", `${runId}.jsonl`), '{"type":"generat');
    const killed = await readRun(folder.path, runId);
    expect(killed).toMatchObject({ runId, state: "killed", pid: running.pid, planned: 2, generated: 1 });
    expect(killed?.command?.[0]).toContain("journal-child");
    const [first, second] = killed?.nodes ?? [];
    expect(first).toMatchObject({ index: 0, name: "points", outcome: "generated", slot: 0, params: "{ n: 3 }" });
    expect(first?.endedMs).toBeGreaterThanOrEqual(first?.startedMs ?? Number.POSITIVE_INFINITY);
    expect(second).toMatchObject({
      ...{ index: 1, name: "estimator", outcome: "running", slot: 0, params: "{ zThreshold: 2 }" },
      dependencies: [{ name: "points", address: first?.address }],
    });
    expect(await listRuns(folder.path)).toEqual([killed]);
    rmSync(path.join(folder.path, ".persistable", "runs", `${runId}.json`));
    expect(await listRuns(folder.path)).toEqual([killed]);
  });
});

describe("the journal of a run", () => {
  test("tells of nodes that run side by side in which lane each of them was", async () => {
    const dataDir = memoryStore();
    const { runId } = await run(sum({ one: { n: 1 }, other: { n: 2 } }, { dataDir }), { concurrency: 2 });
    const record = await readRun(dataDir, runId);
    expect(record?.nodes.map(({ name, slot }) => [name, slot])).toEqual([
      ["points", 0],
      ["points", 1],
      ["sum", 0],
    ]);
    expect(record?.nodes[2]?.dependencies).toHaveLength(2);
  });

  test("has no line for what was there, and no secret", async () => {
    const dataDir = memoryStore();
    const target = () => points({ n: 1, key: secret("correct-horse-battery-staple") }, { dataDir });
    await run(target());
    const { runId } = await run(target());
    expect(await readRun(dataDir, runId)).toMatchObject({ state: "completed", hits: 1, nodes: [] });
    for await (const { path: file } of dataDir.list(".persistable/runs/"))
      expect(Buffer.from((await dataDir.read(file)) ?? "").toString()).not.toContain("correct-horse");
  });

  test("is not written where no record is wanted", async () => {
    const dataDir = memoryStore();
    const { runId } = await run(points({ n: 1 }, { dataDir }), { keepRecord: false });
    expect(await readRun(dataDir, runId)).toBeUndefined();
    expect(await collected(watchRun(dataDir, runId))).toEqual([]);
  });

  test("may have damaged and hostile lines, which no reader sees", async () => {
    const dataDir = memoryStore();
    const { runId } = await run(sum({ one: { n: 1 }, other: { n: 2 } }, { dataDir }));
    const file = `.persistable/runs/${runId}.jsonl` as StorePath;
    const before = await readRun(dataDir, runId);
    const events = await collected(watchRun(dataDir, runId));
    const [planned, ...rest] = Buffer.from((await dataDir.read(file)) ?? "")
      .toString()
      .split(/(?<=\n)/)
      .slice(1);
    const [head] = Buffer.from((await dataDir.read(file)) ?? "")
      .toString()
      .split(/(?<=\n)/);
    const started = JSON.parse(rest[0] ?? "");
    const hostile = [
      "",
      "null",
      "{",
      "[]",
      `${"[".repeat(200_000)}`,
      JSON.stringify({ ...started, type: "__proto__" }),
      JSON.stringify({ ...started, type: "constructor" }),
      JSON.stringify({ ...started, index: -1 }),
      JSON.stringify({ ...started, address: "../../etc" }),
      JSON.stringify({ ...started, dependencies: [null] }),
      JSON.stringify({ ...started, atMs: "1e9" }),
      JSON.stringify({ ...started, type: "of-a-newer-release" }),
      "x".repeat(9 * 1024 * 1024),
    ];
    const text = [head, planned, ...hostile.map((line) => `${line}\n`), ...rest, '{"type":"fin'].join("");
    await dataDir.replace(file, [Buffer.from(text)]);
    expect(await readRun(dataDir, runId)).toEqual(before);
    expect((await collected(watchRun(dataDir, runId))).map(({ event }) => event)).toEqual(
      events.map(({ event }) => event),
    );
    await dataDir.replace(file, [Buffer.from([head?.replace('"journal":1', '"journal":2'), ...rest].join(""))]);
    expect(await readRun(dataDir, runId)).toMatchObject({ runId, state: "completed", generated: 3 });
    await expect(readRun(dataDir, "../../secrets")).rejects.toThrow("../../secrets");
  });

  test("has no text that would move a cursor", async () => {
    const dataDir = memoryStore();
    const { runId } = await run(points({ n: 1 }, { dataDir }));
    const file = `.persistable/runs/${runId}.jsonl` as StorePath;
    const text = Buffer.from((await dataDir.read(file)) ?? "").toString();
    await dataDir.replace(file, [Buffer.from(text.replaceAll("{ n: 1 }", "\\u001b[2J\\u202e"))]);
    const events = await collected(watchRun(dataDir, runId));
    const started = events.find(({ event }) => event.type === "started")?.event as
      | Extract<RunEvent, { type: "started" }>
      | undefined;
    expect(started?.params).toBe("\\u001b[2J\\u202e");
    expect((await readRun(dataDir, runId))?.nodes[0]?.params).toBe("\\u001b[2J\\u202e");
  });
});
