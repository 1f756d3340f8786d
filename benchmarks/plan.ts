import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyPersistable, Persistable } from "persistable-ts";
import { plan } from "persistable-ts/pipeline";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const NODES = 100_000;
const OPTIONS = { batchSize: NODES, rounds: 7, warmUpRounds: 2 };
/** The time that planning may add to looking whether a file exists. */
const ALLOWED_US = 1;
/** The memory of a persistable and its place in a plan. */
const GOAL_BYTES = 1000;

type Links = Readonly<Record<string, AnyPersistable>>;

class Link extends Persistable<number, { readonly index: number }, Links> {
  static override readonly payloadName = "link";
  protected override generatePayload(): number {
    return this.params.index;
  }
}

/**
 * Planning graphs of which everything is there, against bare `statSync` calls on the same records.
 * Each round plans persistables that were just built.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const [shape, build] of shapes) {
    rows.push(await withTemporaryFolder((dir) => measure(shape, dir, build)));
  }
  rows.push(await withTemporaryFolder(measureMemory));
  return {
    name: "plan",
    rows,
    notes: [
      `The peer is a statSync for each record, plus ${ALLOWED_US} us. Planning looks at every record, those that no target needs as well.`,
    ],
  };
}

async function measure(shape: string, dir: string, build: Build): Promise<BenchmarkRow> {
  const files = recordFiles(dir, build(dir));
  let targets: readonly AnyPersistable[] = [];
  const ours: Contender = {
    name: "plan",
    prepare() {
      targets = build(dir).targets;
      // Building is not planning: its garbage is collected before the clock starts.
      globalThis.gc?.();
    },
    async run() {
      const { counts } = await plan(targets);
      return counts.miss + counts.blocked === 0 ? counts.hit + counts.notNeeded : Number.NaN;
    },
  };
  const bare: Contender = {
    name: "statSync",
    // The peer builds the same persistables, so that both find the memory in the same state.
    prepare: () => ours.prepare?.(),
    run() {
      let bytes = 0;
      for (const file of files) bytes += statSync(file).size;
      return bytes;
    },
  };
  const times = await measureRounds([ours, bare], OPTIONS);
  const planned = times.get("plan") as number;
  const allowed = (times.get("statSync") as number) + ALLOWED_US;
  return {
    case: `${NODES} hits, ${shape}, each`,
    ours: planned,
    unit: "us",
    peer: `statSync + ${ALLOWED_US} us`,
    peerValue: allowed,
    ratio: planned / allowed,
    goal: 1,
  };
}

/** Measures what a plan and its persistables hold: a million of them are to fit into memory. */
async function measureMemory(dir: string): Promise<BenchmarkRow> {
  const before = heldBytes();
  const planned = await plan(buildLayers(dir, 2).targets);
  const ours = (heldBytes() - before) / NODES;
  // This also keeps the plan until its memory was measured.
  if (planned.counts.miss + planned.counts.blocked !== NODES) throw new Error("The plan has other nodes.");
  return { case: "diamonds, memory of a planned node", ours, unit: "B", goal: GOAL_BYTES };
}

function heldBytes(): number {
  globalThis.gc?.();
  // Array buffers are given back only after a second collection.
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface Built {
  readonly targets: readonly AnyPersistable[];
  readonly all: readonly AnyPersistable[];
}

type Build = (dir: string) => Built;

const shapes: readonly (readonly [shape: string, build: Build])[] = [
  [
    "wide",
    (dataDir) => {
      const all = Array.from(
        { length: NODES },
        (_, index) => new Link({ dataDir, params: { index }, dependencies: {} }),
      );
      return { targets: all, all };
    },
  ],
  ["deep", (dataDir) => buildLayers(dataDir, 1)],
  ["diamonds", (dataDir) => buildLayers(dataDir, 2)],
];

/** Each node is made from every one of the layer before; the last layer is asked for. */
function buildLayers(dataDir: string, width: number): Built {
  const all: AnyPersistable[] = [];
  let layer: AnyPersistable[] = [];
  while (all.length < NODES) {
    const dependencies = Object.fromEntries(layer.map((link, role) => [`link${role}`, link]));
    layer = Array.from(
      { length: width },
      (_, column) => new Link({ dataDir, params: { index: all.length + column }, dependencies }),
    );
    all.push(...layer);
  }
  return { targets: layer, all };
}

/** A plan reads no record that is there, so any content will do. */
function recordFiles(dir: string, { all }: Built): readonly string[] {
  mkdirSync(join(dir, "link"));
  return all.map(({ address }) => {
    const file = join(dir, "link", `${address}.json`);
    writeFileSync(file, "{}\n");
    return file;
  });
}
