import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { redis as kind } from "../test/support/servers/redis.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { median } from "./measure-rounds.ts";
import { type SimulatedRun, simulateRun } from "./simulate-run.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** A node costs the difference between these two, so that starting processes does not count. */
const FEW = 200;
const MANY = 2200;
const ROUNDS = 2;
/** The kernel counts the time of processes in hundredths of a second. */
const TICK_US = 10_000;
const GOAL_COORDINATOR_US = 150;

const child = fileURLToPath(new URL("./distributed-child.js", import.meta.url));
const command = fileURLToPath(new URL("../../dist/entry/bin/persistable.js", import.meta.url));

/** The microseconds of CPU time that parts of a run have used. */
interface Parts {
  /** The process that runs the graph. */
  readonly runUs: number;
  /** The server of the queue. */
  readonly serverUs: number;
}

/** One way to have nodes done. */
type Way = (nodes: number, dir: string) => Promise<Parts>;

/**
 * Measures what a node that does nothing costs on a queue and in several runs on one folder, and
 * simulates a run of a million nodes with these figures.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const notes = ["CPU time of all processes, the server's included, for one node of many diamonds."];
  const hasRedis = kind.isInstalled();
  const ways: Readonly<Record<string, Way>> = {
    alone: (nodes, dir) => withoutServer(nodes, dir, ["alone"]),
    four: (nodes, dir) => withoutServer(nodes, dir, ["beside", "beside", "beside", "beside"]),
    ...(!hasRedis ? {} : { bare, single, together, whole }),
  };
  if (!hasRedis) notes.push("redis-server is not installed: the cases with a queue were left out.");
  const costs = new Map<string, Cost[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, way] of Object.entries(ways)) costs.get(name)?.push(await costOf(way));
  const medianOf = (name: string, part: keyof Cost): number =>
    median((costs.get(name) ?? []).map((cost) => cost[part]));
  const beside = (what: string, ours: string, other: "alone" | "bare"): BenchmarkRow => {
    const [oursUs, peerValue] = [medianOf(ours, "allUs"), medianOf(other, "allUs")];
    const peer = other === "alone" ? "one run" : "bare BullMQ";
    return { case: what, ours: oursUs, unit: "us", peer, peerValue, ratio: oursUs / peerValue };
  };
  const rows = [beside("four runs on one folder", "four", "alone")];
  if (hasRedis) {
    const [runUs, serverUs] = [medianOf("single", "runUs"), medianOf("single", "serverUs")];
    const latencyMs = await measureLatency();
    rows.push(
      beside("a queue, a job for each node, workers that do nothing", "single", "bare"),
      { case: "a job for each node: the run itself", ours: runUs, unit: "us" },
      { case: "a job for each node: the server", ours: serverUs, unit: "us" },
      beside("a queue, nodes that travel together, workers that do nothing", "together", "bare"),
      {
        case: "nodes that travel together: the run itself",
        ours: medianOf("together", "runUs"),
        unit: "us",
        goal: GOAL_COORDINATOR_US,
      },
      { case: "nodes that travel together: the server", ours: medianOf("together", "serverUs"), unit: "us" },
      { case: "a queue: from the end of a node to the start of the next", ours: latencyMs, unit: "ms" },
      beside("a queue, and two `persistable worker`", "whole", "alone"),
      ...simulated({ coordinatorMs: runUs / 1000, serverMs: serverUs / 1000, latencyMs }),
    );
    notes.push("The runs of a million nodes on 1,000 slots are simulated, with the figures above them.");
  }
  return { name: "distributed", rows, notes };
}

function simulated(measured: Pick<SimulatedRun, "coordinatorMs" | "serverMs" | "latencyMs">): BenchmarkRow[] {
  const [nodes, slots] = [1_000_000, 1000];
  return [100, 1000, 10_000, 60_000].flatMap((meanMs) => {
    const idealMs = (nodes * meanMs) / slots;
    const run = { nodes, slots, meanMs, ...measured };
    const deaths = { everyMs: 3_600_000, lostMs: 40_000 };
    const name = `a million nodes of ${meanMs / 1000} s`;
    return [
      { case: name, ours: simulateRun(run) / idealMs, unit: "x ideal" },
      { case: `${name}, each worker killed hourly`, ours: simulateRun({ ...run, deaths }) / idealMs, unit: "x ideal" },
    ];
  });
}

/** The time that each node of a chain takes, of which every one does nothing. */
async function measureLatency(): Promise<number> {
  const nodes = 100;
  const { elapsedMs } = await withTemporaryFolder(async (dir) => {
    let elapsedMs = 0;
    await withRedis(async (url) => {
      const started = startWorkers(["no-op worker"], { nodes, dir, url });
      await Promise.all(started.map(({ ready }) => ready));
      ({ elapsedMs } = await start("chain", { nodes, dir, url }).ended);
      await endWorkers(started);
      return 0;
    });
    return { elapsedMs };
  });
  return elapsedMs / nodes;
}

interface Cost extends Parts {
  /** The CPU time of all processes. */
  readonly allUs: number;
}

async function costOf(way: Way): Promise<Cost> {
  const [few, many] = [await measure(FEW), await measure(MANY)];
  const nodes = MANY - FEW;
  const perNode = (part: keyof Cost): number => (many[part] - few[part]) / nodes;
  return { allUs: perNode("allUs"), runUs: perNode("runUs"), serverUs: perNode("serverUs") };

  function measure(count: number): Promise<Cost> {
    return withTemporaryFolder(async (dir) => {
      const before = childrenUs();
      const parts = await way(count, dir);
      return { ...parts, allUs: childrenUs() - before };
    });
  }
}

/** The CPU time of all processes that this one has started and that have ended. */
function childrenUs(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) * TICK_US;
}

const bare: Way = (nodes, dir) =>
  withRedis((url) => withWorkers(["bare worker", "bare worker"], { nodes, dir, url }, "bare jobs"));

/** With as many places as nodes in the queue, no nodes travel together. */
const single: Way = (nodes, dir) =>
  withRedis((url) => withWorkers(["wide worker", "wide worker"], { nodes, dir, url }, "coordinator"));

const together: Way = (nodes, dir) =>
  withRedis((url) => withWorkers(["no-op worker", "no-op worker"], { nodes, dir, url }, "coordinator"));

const whole: Way = (nodes, dir) =>
  withRedis((url) => withWorkers([undefined, undefined], { nodes, dir, url }, "coordinator"));

/** Starts a server, and gives back what it has used besides what `use` gives back. */
async function withRedis(use: (url: string) => Promise<number>): Promise<Parts> {
  await using redis = await kind.start();
  const { url } = redis;
  const runUs = await use(url);
  const client = new Redis(url);
  const info = await client.info("cpu");
  client.disconnect();
  const seconds = [...info.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].map(([, text]) => Number(text));
  return { runUs, serverUs: 1e6 * seconds.reduce((sum, each) => sum + each, 0) };
}

async function withoutServer(nodes: number, dir: string, parts: readonly string[]): Promise<Parts> {
  await Promise.all(parts.map((part) => start(part, { nodes, dir }).ended));
  return { runUs: 0, serverUs: 0 };
}

interface Task {
  readonly nodes: number;
  readonly dir: string;
  readonly url?: string;
}

/** @param workers - the parts that work; `undefined` is a worker of the command */
async function withWorkers(workers: readonly (string | undefined)[], task: Task, part: string): Promise<number> {
  const started = startWorkers(workers, task);
  await Promise.all(started.map(({ ready }) => ready));
  const { cpuUs } = await start(part, task).ended;
  await endWorkers(started);
  return cpuUs;
}

function startWorkers(workers: readonly (string | undefined)[], task: Task): readonly Started[] {
  return workers.map((worker) => (worker === undefined ? startCommand(task) : start(worker, task)));
}

async function endWorkers(workers: readonly Started[]): Promise<void> {
  for (const worker of workers) worker.process.kill("SIGTERM");
  await Promise.all(workers.map(({ ended }) => ended));
}

interface Reported {
  readonly cpuUs: number;
  readonly elapsedMs: number;
}

interface Started {
  readonly process: ChildProcess;
  /** Resolves when a worker takes jobs. */
  readonly ready: Promise<void>;
  /** The figures that the process has reported. */
  readonly ended: Promise<Reported>;
}

function start(part: string, task: Task): Started {
  return startNode([child], { ...task, part });
}

function startCommand({ dir, url = "", nodes }: Task): Started {
  const args = ["worker", child, "--on", url, "--slots", "1", "--code", "benchmark", "--data-dir", dir];
  return startNode([command, ...args], { dir, nodes, part: "" });
}

function startNode(args: readonly string[], { dir, url, nodes, part }: Task & { part: string }): Started {
  const env = {
    ...process.env,
    PERSISTABLE_LOG: "off",
    BENCHMARK_PART: part,
    BENCHMARK_URL: url,
    BENCHMARK_DIR: dir,
    BENCHMARK_NODES: String(nodes),
  };
  const started = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  started.stdout.on("data", (text) => {
    said += text;
  });
  let complaints = "";
  const ready = new Promise<void>((resolve) => {
    started.stderr.on("data", (text) => {
      complaints += text;
      if (complaints.includes("Waits for ")) resolve();
    });
  });
  const ended = once(started, "close").then(([code]) => {
    if (code !== 0) throw new Error(`${part} has ended with ${code}: ${complaints}`);
    return said === "" ? { cpuUs: 0, elapsedMs: 0 } : JSON.parse(said);
  });
  return { process: started, ready: Promise.race([ready, ended.then(() => {})]), ended };
}
