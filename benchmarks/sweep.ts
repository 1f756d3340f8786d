import { z } from "zod";
import { definePersistable } from "../src/entry/index.ts";
import { linear } from "../src/pipeline/sweep/axis.ts";
import { sweep } from "../src/pipeline/sweep/sweep.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { measureRounds } from "./measure-rounds.ts";

const ROUNDS = { rounds: 9, warmUpRounds: 3 };
/** 10^6 points. */
const UPSTREAM = 100;
const OWN = 10_000;
/** Each is hashed. */
const FEW_UPSTREAM = 10;
const FEW_OWN = 1000;
const MAX_GROWTH_MB = 8;

const points = definePersistable({
  name: "points",
  params: z.object({ n: z.int(), randomState: z.int() }),
  generate: () => 1,
});
const estimator = definePersistable({
  name: "estimator",
  params: z.object({ zThreshold: z.number() }),
  dependencies: { points },
  generate: () => 1,
});
const memory = { dataDir: "memory:sweep-benchmark" };

/** Grids against nested loops that do the same by hand. */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [
    ...(await measureTrees()),
    ...(await measurePersistables()),
    { case: "heap held in the middle of 10^6 trees", ours: heldMb(treesOfGrid()), unit: "MB", goal: MAX_GROWTH_MB },
    {
      case: "heap held in the middle of 10^5 persistables",
      ours: heldMb(gridOf(10, OWN)),
      unit: "MB",
      goal: MAX_GROWTH_MB,
    },
  ];
  return { name: "sweep", rows, notes: ["The loops share their upstream parts, as the sweep does."] };
}

function gridOf(upstream: number, own: number) {
  return sweep(
    estimator,
    { zThreshold: linear(1, own, own), points: { n: linear(1, upstream, upstream), randomState: 10 } },
    memory,
  );
}

function treesOfGrid(): Iterable<{ readonly zThreshold: unknown }> {
  return gridOf(UPSTREAM, OWN).trees();
}

async function measureTrees(): Promise<readonly BenchmarkRow[]> {
  const sampled = sweep(
    estimator,
    { zThreshold: linear(1, OWN, OWN), points: { n: linear(1, UPSTREAM, UPSTREAM), randomState: 10 } },
    { sample: { count: UPSTREAM * OWN, seed: 1 } },
  );
  const derived = sweep(estimator, {
    zThreshold: (point) => linear(point.points.n, OWN + point.points.n, OWN),
    points: { n: linear(1, UPSTREAM, UPSTREAM), randomState: 10 },
  });
  const times = await measureRounds(
    [
      { name: "loops", run: () => sumOf(treesOfLoops()) },
      { name: "grid", run: () => sumOf(treesOfGrid()) },
      { name: "sampled", run: () => sumOf(sampled.trees()) },
      { name: "derived", run: () => sumOf(derived.trees()) },
    ],
    { batchSize: UPSTREAM * OWN, ...ROUNDS },
  );
  const peerValue = timeOf(times, "loops");
  return [
    ["10^6 trees", "grid"],
    ["10^6 trees in random order", "sampled"],
    ["10^6 trees of a function's axis", "derived"],
  ].map(([what = "", name = ""]) => ({
    case: `${what}, each`,
    ours: timeOf(times, name),
    unit: "us",
    peer: "nested loops",
    peerValue,
    ratio: timeOf(times, name) / peerValue,
  }));
}

/** The peer is a generator of frozen trees too, so that only the grid differs. */
function* treesOfLoops(): Generator<{ readonly zThreshold: unknown }, void, undefined> {
  for (let n = 1; n <= UPSTREAM; n++) {
    const upstream = Object.freeze({ n, randomState: 10 });
    for (let zThreshold = 1; zThreshold <= OWN; zThreshold++) yield Object.freeze({ zThreshold, points: upstream });
  }
}

function sumOf(trees: Iterable<{ readonly zThreshold: unknown }>): number {
  let sum = 0;
  for (const { zThreshold } of trees) sum += Number(zThreshold);
  return sum;
}

async function measurePersistables(): Promise<readonly BenchmarkRow[]> {
  const times = await measureRounds(
    [
      { name: "loops", run: buildByLoops },
      { name: "grid", run: () => lengthOf(gridOf(FEW_UPSTREAM, FEW_OWN)) },
    ],
    { batchSize: FEW_UPSTREAM * FEW_OWN, ...ROUNDS, rounds: 31 },
  );
  const [ours, peerValue] = [timeOf(times, "grid"), timeOf(times, "loops")];
  return [
    {
      case: "10^4 persistables, each",
      ours,
      unit: "us",
      peer: "nested loops",
      peerValue,
      ratio: ours / peerValue,
      goal: 1.1,
    },
  ];
}

function buildByLoops(): number {
  let length = 0;
  for (let n = 1; n <= FEW_UPSTREAM; n++) {
    const upstream = points({ n, randomState: 10 }, memory);
    for (let zThreshold = 1; zThreshold <= FEW_OWN; zThreshold++)
      length += estimator({ zThreshold, points: upstream }, memory).address.length;
  }
  return length;
}

function lengthOf(built: Iterable<{ readonly address: string }>): number {
  let length = 0;
  for (const { address } of built) length += address.length;
  return length;
}

/** The memory that is held after most of the points, minus the memory that is held after a few. */
function heldMb(items: Iterable<unknown>): number {
  let count = 0;
  let startBytes = 0;
  let endBytes = 0;
  for (const _ of items) {
    count++;
    if (count === 10_000) startBytes = heldBytes();
    if (count % 90_000 === 0) endBytes = heldBytes();
  }
  return (endBytes - startBytes) / 1e6;
}

function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error("start with --expose-gc");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function timeOf(times: ReadonlyMap<string, number>, name: string): number {
  const time = times.get(name);
  if (time === undefined) throw new Error(`${name} was not measured`);
  return time;
}
