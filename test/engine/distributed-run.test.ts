import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openParts } from "../../src/engine/bullmq/connection.ts";
import { fingerprintOfCode } from "../../src/engine/code-fingerprint.ts";
import type { EngineNews } from "../../src/engine/engine.ts";
import { queueName } from "../../src/engine/queue-name.ts";
import { bullmq } from "../../src/entry/engines/bullmq.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { DistributedProject, type Line, startsIn } from "../support/distributed-project.ts";
import type { QueueServer } from "../support/servers/queue-server.ts";
import { describeOnQueues } from "../support/servers/queue-servers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** 225 in a full run: 900 nodes. */
const DIAMONDS = Number(process.env.PERSISTABLE_TEST_QUEUE_DIAMONDS ?? 10);
/** 20 in a full run. */
const KILLS = Number(process.env.PERSISTABLE_TEST_QUEUE_KILLS ?? 2);

/** 25,000 in a full run: 100,000 nodes. */
const TINY_DIAMONDS = Number(process.env.PERSISTABLE_TEST_TINY_DIAMONDS ?? 30);

const STUDY_KEY = "sk-very-secret-0123456789";

const folder = await temporaryFolder();
/** The project whose installed package all others share. */
let installed: DistributedProject;

beforeAll(async () => {
  installed = await DistributedProject.create(folder.join("installed"), "");
});

afterAll(() => folder[Symbol.asyncDispose]());

function diamonds(ms = 0) {
  return { targets: Array.from({ length: DIAMONDS }, (_, i) => ({ kind: "diamond", work: { i, ms } })) };
}

const PAYLOADS = Array.from({ length: DIAMONDS }, (_, i) => 5 * i);

function ending(lines: readonly Line[]): Line {
  return lines.at(-1) ?? {};
}

describeOnQueues("a distributed run", ({ kind, start }) => {
  let server: QueueServer;
  let shared: DistributedProject;
  let count = 0;

  beforeAll(async () => {
    server = await start();
    shared = await newProject();
    const startWorker = () => shared.startWorker(["--slots", "1"], { STUDY_KEY });
    await Promise.all([startWorker(), startWorker()]);
  });

  afterAll(async () => {
    await shared?.close();
    await server?.close();
  });

  function newProject(url = server.url): Promise<DistributedProject> {
    return DistributedProject.create(folder.join(`${kind}-${++count}`), url, installed);
  }

  /** The project whose two workers several tests share, with what is noted from now on. */
  function sharedProject(): { readonly project: DistributedProject; noted(): readonly string[] } {
    const before = shared.noted().length;
    return { project: shared, noted: () => shared.noted().slice(before) };
  }

  /** A project of its own, for tests that kill. */
  async function withProject(use: (project: DistributedProject) => Promise<void>): Promise<void> {
    const project = await newProject();
    try {
      await use(project);
    } finally {
      await project.close();
    }
  }

  test("has each node generated once, and tells which worker did", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const lines = await project.run(diamonds());
    expect(ending(lines).result).toMatchObject({ state: "completed", generated: 4 * DIAMONDS, hits: 0 });
    expect(ending(lines).payloads).toEqual(PAYLOADS);
    const starts = startsIn(shared);
    expect(starts.length).toBe(4 * DIAMONDS);
    expect(new Set(starts).size).toBe(4 * DIAMONDS);
    const workers = new Set(lines.filter(({ event }) => event === "started").map(({ worker }) => worker));
    expect(workers.size).toBe(2);
    const again = await project.run(diamonds());
    expect(ending(again).result).toMatchObject({ state: "completed", generated: 0, hits: DIAMONDS });
  });

  test("generates very many tiny payloads once", async () => {
    const { project } = sharedProject();
    // PostgreSQL takes several times as long for each job.
    const count = kind === "Redis" ? TINY_DIAMONDS : 10;
    const lines = await project.run({ targets: [{ kind: "tinyDiamonds", work: { i: count } }], isQuiet: true });
    expect(ending(lines)).toMatchObject({ result: { state: "completed", generated: 4 * count, hits: 0 } });
    expect(ending(lines).payloads).toEqual(Array.from({ length: Math.min(count, 1000) }, (_, i) => 5 * i));
    expect(project.tinyCount()).toBe(4 * count);
  });

  test("loses nothing when workers are killed, and generates nothing in two processes at once", () =>
    withProject(async (project) => {
      const workers = await Promise.all([project.startWorker(), project.startWorker()]);
      const { lines } = project.startRun(diamonds(200));
      let kills = 0;
      // A busy machine may start workers so slowly that the run ends before the last kill.
      while (kills < KILLS && (await project.waitForStarts(startsIn(project).length + 2, lines))) {
        workers[kills % 2]?.kill("SIGKILL");
        workers[kills++ % 2] = await project.startWorker();
      }
      expect(kills).toBeGreaterThan(0);
      expect(ending(await lines)).toMatchObject({ result: { state: "completed" }, payloads: PAYLOADS });
      expect(project.noted().filter((line) => line.startsWith("overlap"))).toEqual([]);
      expect(startsIn(project).length).toBeLessThanOrEqual(4 * DIAMONDS + KILLS * 2);
    }));

  test("goes on where it was when the coordinator is killed", () =>
    withProject(async (project) => {
      await project.startWorker();
      const first = project.startRun(diamonds(20));
      expect(await project.waitForStarts(5, first.lines)).toBe(true);
      first.child.kill("SIGKILL");
      const lines = await project.run(diamonds(20));
      expect(ending(lines)).toMatchObject({ result: { state: "completed" }, payloads: PAYLOADS });
      expect(startsIn(project).length).toBe(4 * DIAMONDS);
    }));

  test("goes on when the server was away", () =>
    withProject(async (project) => {
      await project.startWorker();
      const { lines } = project.startRun(diamonds(50));
      expect(await project.waitForStarts(3, lines)).toBe(true);
      await server.restart(500);
      expect(ending(await lines)).toMatchObject({ result: { state: "completed" }, payloads: PAYLOADS });
      expect(project.noted().filter((line) => line.startsWith("overlap"))).toEqual([]);
      // The workers of the other tests have connected again, too.
      const { project: other } = sharedProject();
      expect(ending(await other.run({ targets: [{ kind: "source", work: { i: 108 } }] })).payloads).toEqual([108]);
    }));

  test("tries a node again that has failed in an earlier run, and restores its error", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const file = `${project.folder}/broken`;
    writeFileSync(file, "");
    const order = { targets: [{ kind: "source", work: { i: 101, failsWith: file } }] };
    const failed = ending(await project.run(order));
    expect(failed.thrown?.code).toBe("PERSISTABLE_RUN_FAILED");
    expect(failed.failures).toMatchObject([{ name: "RangeError", message: "planned failure of source-101" }]);
    rmSync(file);
    expect(ending(await project.run(order)).result).toMatchObject({ state: "completed", generated: 1 });
  });

  test("keeps what is independent of a node that ends its process", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const targets = [
      { kind: "diamond", work: { i: 111, exits: true } },
      { kind: "diamond", work: { i: 112 } },
    ];
    const lines = await project.run({ targets, options: { keepGoing: "independent" } });
    expect(ending(lines).failures).toMatchObject([{ code: "PERSISTABLE_WORKER_LOST" }]);
    expect(ending(lines).failures?.[0]?.message).toContain("exit code 3");
    expect(ending(lines).result).toMatchObject({ generated: 4, failed: 1 });
    expect(startsIn(shared).filter((line) => line === "start source-111").length).toBe(1);
  });

  test("generates once what blocks its event loop for longer than a lock", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const lines = await project.run({ targets: [{ kind: "source", work: { i: 107, blockMs: 3000 } }] });
    expect(ending(lines).payloads).toEqual([107]);
    expect(startsIn(shared)).toEqual(["start source-107"]);
  });

  test("aborts the generators that run, and leaves nothing in the queue", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const targets = Array.from({ length: 5 }, (_, i) => ({ kind: "source", work: { i: 200 + i, isEndless: true } }));
    const lines = await project.run({ targets, abortAfter: "started" });
    expect(ending(lines).thrown?.code).toBe("PERSISTABLE_RUN_CANCELLED");
    const started = startsIn(shared).length;
    expect(started).toBeGreaterThan(0);
    expect(shared.noted().filter((line) => line.startsWith("aborted")).length).toBe(started);
    // The worker is free again: it does what another run queues.
    expect(ending(await project.run({ targets: [{ kind: "source", work: { i: 109 } }] })).payloads).toEqual([109]);
  });

  test("hands workers only the names of secrets, and refuses every other secret", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const watched = await server.watch();
    const lines = await project.run({ targets: [{ kind: "keyed" }] });
    expect(ending(lines).payloads).toEqual([STUDY_KEY.length]);
    const logged = lines.find(({ event }) => event === "log");
    expect(logged?.lines).toEqual([{ level: "info", message: expect.stringMatching(/^asks with /) }]);
    expect(logged?.worker).toMatch(/:\d+$/);
    expect(JSON.stringify(logged)).not.toContain(STUDY_KEY);
    // The job of a failed node is kept, with its error.
    const failed = ending(await project.run({ targets: [{ kind: "refusedKey" }] }));
    expect(failed.failures?.[0]?.message).toMatch(/^no access with /);
    const refused = ending(await project.run({ targets: [{ kind: "plainSecret" }] }));
    expect(refused.thrown?.code).toBe("PERSISTABLE_UNSHAREABLE");
    expect(refused.thrown?.message).toContain("params.key of keyed");
    for (const all of [await watched(), await server.dump()]) {
      expect(all).toContain("STUDY_KEY");
      expect(all).toContain("no access with");
      expect(all).not.toContain(STUDY_KEY);
      expect(all).not.toContain("hunter2");
    }
  });

  test("never gives a job to a worker with other code", () =>
    withProject(async (project) => {
      const other = await newProject();
      try {
        writeFileSync(`${other.folder}/more.js`, "export const more = 1;");
        await other.startWorker(["--data-dir", `${project.folder}/persistable-data`]);
        await project.startWorker();
        expect(ending(await project.run(diamonds())).payloads).toEqual(PAYLOADS);
        expect(startsIn(other)).toEqual([]);
      } finally {
        await other.close();
      }
    }));

  test("does a job again whose worker lost its connection before it told how the job has ended", async () => {
    const news: EngineNews[] = [];
    const link = await bullmq(server.url).connect("untold", (each) => news.push(each), { dataDir: "memory:" });
    const { worker } = await openParts(server.url);
    let attempts = 0;
    const doJob = async () => {
      // What BullMQ notes for a job whose end it could not write.
      if (attempts++ === 0) throw new Error("Connection terminated unexpectedly");
      return { attempts };
    };
    const unlucky = worker("untold", doJob, {});
    await link.submit({ id: "it", name: "node", data: {} });
    await expect.poll(() => news).toEqual([{ kind: "done", id: "it", result: { attempts: 2 } }]);
    await Promise.all([link.close(), unlucky.close()]);
  });

  test("fails a job that no run has written, and goes on", () =>
    withProject(async (project) => {
      const worker = await project.startWorker();
      expect(ending(await project.run({ targets: [{ kind: "source", work: { i: 1 } }] })).payloads).toEqual([1]);
      const code = fingerprintOfCode(`${project.folder}/study.js`);
      const queue = await queueName(code, fileStore(`${project.folder}/persistable-data`));
      const news: EngineNews[] = [];
      const link = await bullmq(server.url).connect(queue, (each) => news.push(each), { dataDir: project.folder });
      const row = (name: string) => ({ name, address: "a".repeat(64), params: {} });
      const forged = [
        ["of another address", { v: 1, address: "a".repeat(64), name: "source", rows: [row("source")] }],
        ["with rows that are not in the store", { v: 1, address: "b".repeat(64), name: "source" }],
        ["of nothing", { shell: "rm -rf /" }],
      ] as const;
      const strange = { v: 1, address: "a".repeat(64), name: "strange", rows: [row("strange")] };
      await link.submit({ id: "strange", name: "strange", data: strange });
      for (const [id, data] of forged)
        await link.submit({ id, name: "source", data: JSON.parse(JSON.stringify(data)) });
      const failed = () => news.flatMap((each) => (each.kind === "failed" ? each.id : [])).sort();
      await expect.poll(failed).toEqual(forged.map(([id]) => id).sort());
      // Another worker may know a definition that this one lacks.
      expect(["queued", "running"]).toContain(await link.stateOf("strange"));
      await link.cancel("strange");
      await link.close();
      expect(ending(await project.run({ targets: [{ kind: "source", work: { i: 2 } }] })).payloads).toEqual([2]);
      expect(worker.exitCode).toBe(null);
    }));

  test("loses nothing to a worker whose definitions differ although its code has the same name", () =>
    withProject(async (project) => {
      const skewed = await project.startWorker(["--slots", "1", "--code", "mine"], { SOURCE_VERSION: "2" });
      const ended = once(skewed, "exit");
      const { lines } = project.startRun({ ...diamonds(), options: { engine: { code: "mine" } } });
      expect(await ended).toEqual([1, null]);
      await project.startWorker(["--slots", "1", "--code", "mine"]);
      expect(ending(await lines)).toMatchObject({ result: { state: "completed", failed: 0 }, payloads: PAYLOADS });
    }));

  test("tells the run of a worker with other code that had too few jobs to be sure", () =>
    withProject(async (project) => {
      const skewed = await project.startWorker(["--slots", "1", "--code", "mine"], { SOURCE_VERSION: "2" });
      const order = { targets: [{ kind: "source", work: { i: 6 } }], options: { engine: { code: "mine" } } };
      const run = project.startRun(order);
      const told = () => run.said.filter(({ event }) => event === "log");
      await expect.poll(told).toMatchObject([{ worker: expect.stringMatching(`:${skewed.pid}$`) }]);
      expect(told()[0]?.lines?.[0]).toMatchObject({
        level: "warn",
        message: expect.stringContaining("the code of the run"),
      });
      await project.startWorker(["--slots", "1", "--code", "mine"]);
      expect(ending(await run.lines).payloads).toEqual([6]);
      expect(told().length).toBe(1);
      expect(skewed.exitCode).toBe(null);
    }));

  test("has nodes of a pool generated by workers for it, within the limit of the pool for all runs", () =>
    withProject(async (project) => {
      const other = await project.startWorker(["--slots", "1", "--pools", "default"]);
      await project.startWorker(["--slots", "2", "--pools", "gpu"]);
      const order = (from: number) => ({
        targets: Array.from({ length: 4 }, (_, i) => ({ kind: "trained", work: { i: from + i, ms: 200 } })),
        options: { pools: { gpu: 1 } },
      });
      const [one, two] = await Promise.all([
        project.run({ ...order(0), targets: [...order(0).targets, { kind: "source", work: { i: 5 } }] }),
        project.run(order(10)),
      ]);
      expect(ending(one).payloads).toEqual([0, 1, 2, 3, 5]);
      expect(ending(two).payloads).toEqual([10, 11, 12, 13]);
      const notes = project.traced().filter((line) => line.includes(" trained-"));
      // They ran one after another, although there were two places and each run kept its own limit.
      expect(notes.map((line) => line.split(" ")[0])).toEqual(Array.from({ length: 8 }, () => ["start", "end"]).flat());
      const started = [...one, ...two].filter(({ event }) => event === "started");
      const byOther = started.filter(({ worker }) => worker?.endsWith(`:${other.pid}`));
      expect(byOther.map(({ name }) => name)).toEqual(["source"]);
    }));

  test("keeps long recipes in the store, and messages short", async () => {
    const shared = sharedProject();
    const { project } = shared;
    const { lines } = project.startRun({ targets: [{ kind: "chain", work: { i: 105 } }] });
    let longest = 0;
    let isDone = false;
    void lines.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await sleep(10);
      longest = Math.max(longest, await server.longestMessage());
    }
    expect(ending(await lines).payloads).toEqual([210]);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(16_000);
  });

  test("ends a worker that has nothing to do, and one that is told to end", () =>
    withProject(async (project) => {
      const idle = await project.startWorker(["--idle-exit", "100ms"]);
      if (idle.exitCode === null) expect(await once(idle, "exit")).toEqual([0, null]);
      // It does not wait for its time without work then.
      const worker = await project.startWorker(["--slots", "1", "--idle-exit", "1h"]);
      const { lines } = project.startRun({ targets: [{ kind: "source", work: { i: 3, ms: 500 } }] });
      expect(await project.waitForStarts(1, lines)).toBe(true);
      worker.kill("SIGTERM");
      expect(await once(worker, "exit")).toEqual([0, null]);
      expect(ending(await lines).payloads).toEqual([3]);
    }));

  test("fails where no worker shows up in time, and where no server answers", () =>
    withProject(async (project) => {
      const order = { targets: [{ kind: "source", work: { i: 1 } }], options: { engine: { workersWithinMs: 1000 } } };
      const lines = await project.run(order);
      expect(ending(lines).failures).toMatchObject([{ code: "PERSISTABLE_NO_WORKERS" }]);
      const nowhere = await newProject(`${new URL(server.url).protocol}//127.0.0.1:1`);
      const refused = ending(await nowhere.run(order));
      expect(refused.thrown?.code).toBe("PERSISTABLE_ENGINE_UNREACHABLE");
    }));
});
