import { promise as fastq } from "fastq";
import { PGraph } from "p-graph";
import PQueue from "p-queue";
import { Graph } from "../src/pipeline/graph.ts";
import { criticalPathPriority } from "../src/runner/schedule/critical-path.ts";
import { schedule } from "../src/runner/schedule/schedule.ts";
import { NodeOutcome, type ScheduleOptions } from "../src/runner/schedule/schedule-options.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";

const NODES = 100_000;
const CONCURRENCY = 8;
const LAYER = 100;
const ROUNDS = { batchSize: NODES, rounds: 31, warmUpRounds: 8 };
/** A library that takes a second for a round gets fewer rounds. */
const SLOW_ROUNDS = { batchSize: NODES, rounds: 5, warmUpRounds: 2 };
/** The goal for one node; a hit costs about twenty times as much. */
const GOAL_US = 1;
/**
 * The bytes per node for everything but the node itself: counters, its place in a queue, the other
 * end of each edge.
 */
const GOAL_BYTES = 64;

const noop = async (): Promise<void> => {};

const shapes: readonly (readonly [shape: string, dependenciesOf: (node: number) => readonly number[]])[] = [
  ["wide", () => []],
  ["deep", (node) => (node === 0 ? [] : [node - 1])],
  ["diamonds", diamondsOf],
  [`layers of ${LAYER}`, (node) => (node < LAYER ? [] : [node - LAYER, node - (node % LAYER) - 1])],
];

/**
 * Measures how much scheduling 100,000 empty nodes costs beyond awaiting them one after another,
 * and how much libraries take for the same.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const [shape, dependenciesOf] of shapes)
    rows.push(...(await measureShape(shape, graphOf(NODES, dependenciesOf))));
  for (const [shape, dependenciesOf] of shapes.slice(0, 2)) {
    for (const count of [10_000, 100_000, 1_000_000]) {
      const ours = await measureMemory(graphOf(count, dependenciesOf));
      rows.push({ case: `${shape}, ${count / 1000}k nodes: memory of a node`, ours, unit: "B", goal: GOAL_BYTES });
    }
  }
  return {
    name: "scheduling",
    rows,
    notes: [
      `${NODES / 1000}k nodes that are \`async () => {}\`, concurrency ${CONCURRENCY}; "over awaiting" is the time of a node minus that of awaiting the same in order.`,
      "p-queue and fastq know no dependencies: each node waits for the promises of those before it, and is queued then.",
      "Memory is what is held in the middle of a run, without the graph itself.",
    ],
  };
}

async function measureShape(shape: string, graph: Graph): Promise<readonly BenchmarkRow[]> {
  const expectedMs = Float64Array.from({ length: graph.count }, (_, node) => (node * 7919) % 1009);
  const weights = [{ gpu: 1 }, { api: 1, gpu: 1 }, undefined];
  const variants: readonly (readonly [string, () => Omit<ScheduleOptions, "execute" | "concurrency">])[] = [
    [shape, () => ({})],
    [
      `${shape}, critical path first`,
      () => {
        const priority = criticalPathPriority(graph, expectedMs);
        return priority === undefined ? {} : { priority };
      },
    ],
    [`${shape}, two pools`, () => ({ pools: { gpu: 4, api: 2 }, poolsOf: (node) => weights[node % 3] })],
  ];
  const awaited: Contender = { name: "awaiting", run: () => awaitInOrder(graph.count) };
  const ours = variants.map(([name, options]): Contender => ({ name, run: () => scheduleAll(graph, options()) }));
  const times = await measureRounds([awaited, ...ours], ROUNDS);
  const peers: readonly Contender[] = [
    { name: "fastq", run: () => queueAll(graph, createFastq()) },
    { name: "p-queue", run: () => queueAll(graph, createPQueue()) },
    { name: "p-graph", run: () => runPGraph(graph) },
  ];
  const peerTimes = await measureRounds([ours[0] as Contender, ...peers], SLOW_ROUNDS);
  const awaitedUs = timeOf(times, "awaiting");
  return [
    ...variants.map(([name]) => ({
      case: `${name}: over awaiting`,
      ours: timeOf(times, name) - awaitedUs,
      unit: "us",
      // Only the plain schedule has a goal: the variants do what the peers cannot.
      ...(name === shape ? { goal: GOAL_US } : {}),
    })),
    ...peers.map(({ name }) => {
      const [oursUs, peerValue] = [timeOf(peerTimes, shape), timeOf(peerTimes, name)];
      return { case: shape, ours: oursUs, unit: "us", peer: name, peerValue, ratio: oursUs / peerValue, goal: 1 };
    }),
  ];
}

async function awaitInOrder(count: number): Promise<number> {
  for (let node = 0; node < count; node++) await noop();
  return count;
}

async function scheduleAll(graph: Graph, options: Omit<ScheduleOptions, "execute" | "concurrency">): Promise<number> {
  const { state } = await schedule(graph, { ...options, concurrency: CONCURRENCY, execute: noop });
  if (state.some((one) => one !== NodeOutcome.done)) throw new Error("a node was not done");
  return state.length;
}

function createFastq(): () => Promise<void> {
  const queue = fastq(noop, CONCURRENCY);
  return () => queue.push(undefined);
}

function createPQueue(): () => Promise<void> {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  return () => queue.add(noop);
}

async function queueAll(graph: Graph, add: () => Promise<void>): Promise<number> {
  const ends: Promise<void>[] = [];
  for (let node = 0; node < graph.count; node++) {
    const before = Array.from(graph.dependenciesOf(node), (dependency) => ends[dependency]);
    ends.push(
      before.length === 0
        ? add()
        : before.length === 1
          ? (before[0] as Promise<void>).then(add)
          : Promise.all(before).then(add),
    );
  }
  await Promise.all(ends);
  return ends.length;
}

async function runPGraph(graph: Graph): Promise<number> {
  const nodes = new Map<string, { run: () => Promise<void> }>();
  const edges: [string, string][] = [];
  for (let node = 0; node < graph.count; node++) {
    nodes.set(`${node}`, { run: noop });
    for (const dependency of graph.dependenciesOf(node)) edges.push([`${dependency}`, `${node}`]);
  }
  await new PGraph(nodes, edges).run({ concurrency: CONCURRENCY });
  return nodes.size;
}

/** Bytes for each node, in the middle of a run. */
async function measureMemory(graph: Graph): Promise<number> {
  const middle = graph.count >> 1;
  let heldBytes = 0;
  const before = collectedBytes();
  await schedule(graph, {
    concurrency: CONCURRENCY,
    execute: async (node) => {
      if (node === middle) heldBytes = collectedBytes() - before;
    },
  });
  return heldBytes / graph.count;
}

function collectedBytes(): number {
  globalThis.gc?.();
  // Array buffers are given back only after a second collection.
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function graphOf(count: number, dependenciesOf: (node: number) => readonly number[]): Graph {
  const start = [0];
  const dependencies: number[] = [];
  for (let node = 0; node < count; node++) {
    dependencies.push(...dependenciesOf(node));
    start.push(dependencies.length);
  }
  return Graph.fromLists(start, dependencies);
}

/** Diamonds, one behind the other: each opens into two nodes, which are joined again. */
function diamondsOf(node: number): readonly number[] {
  if (node === 0) return [];
  const corner = node % 4;
  if (corner === 0) return [node - 1];
  return corner === 3 ? [node - 2, node - 1] : [node - corner];
}

function timeOf(times: ReadonlyMap<string, number>, name: string): number {
  const value = times.get(name);
  if (value === undefined) throw new Error(`${name} was not measured`);
  return value;
}
