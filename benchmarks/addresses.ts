import { hash } from "node:crypto";
import objectHash from "object-hash";
import { hash as ohash } from "ohash";
import type { Address } from "../src/address/address.ts";
import { addressOf, hashedOf } from "../src/address/address-of.ts";
import { createAddresser } from "../src/address/create-addresser.ts";
import { encodeCanonical } from "../src/canonical/encode-canonical.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, type Measured, measureRounds } from "./measure-rounds.ts";
import { measuredRow } from "./row-of.ts";

/** The number of params that take turns, so that no address can be remembered. */
const VARIANTS = 64;
const BATCH = 2000;
const QUICK = { batchSize: BATCH, rounds: 101, warmUpRounds: 40 };
const SLOW_BATCH = 100;
const SLOW = { batchSize: SLOW_BATCH, rounds: 31, warmUpRounds: 15 };
const NODES = 100_000;
const GRAPHS = { batchSize: NODES, rounds: 9, warmUpRounds: 3 };

type Params = Readonly<Record<string, unknown>>;

/**
 * Addresses of simple params against the bare hash of the same bytes, and against libraries that
 * hash values.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const [what, paramsAt] of fieldCases) rows.push(...(await measureFields(what, variantsOf(paramsAt))));
  rows.push(...(await measureGraphs()));
  return {
    name: "addresses",
    rows,
    notes: ["crypto.hash is given the canonical bytes ready-made; object-hash and ohash are given the params alone."],
  };
}

const fieldCases: readonly (readonly [what: string, paramsAt: (i: number) => Params])[] = [
  ["2 numbers", (i) => ({ n: 100 + i, zThreshold: i / 8 })],
  ["number and short text", (i) => ({ n: 100 + i, model: `m${10 + i}` })],
];

/** The params are frozen, as a persistable holds them. */
function variantsOf(paramsAt: (i: number) => Params): readonly Params[] {
  return Array.from({ length: VARIANTS }, (_, i) => Object.freeze(paramsAt(i)));
}

async function measureFields(what: string, variants: readonly Params[]): Promise<readonly BenchmarkRow[]> {
  const quick = createAddresser({ name: NAME, roles: [] });
  const recipes = variants.map((params) => ({ name: NAME, params, dependencies: {} }));
  const encoded = recipes.map((recipe) => encodeCanonical(hashedOf(recipe)));
  const bare = overAll("crypto.hash", BATCH, (i) => hash("sha256", at(encoded, i), "hex"));
  const ours = overAll("ours", BATCH, (i) => quick(at(variants, i), NO_DEPENDENCIES));
  const quickTimes = await measureRounds([ours, bare], QUICK);
  const general = overAll("addressOf", SLOW_BATCH, (i) => addressOf(at(recipes, i)));
  const peers = [
    overAll("ohash", SLOW_BATCH, (i) => ohash(at(variants, i))),
    overAll("object-hash", SLOW_BATCH, (i) => objectHash(at(variants, i))),
  ];
  const same = overAll("ours", SLOW_BATCH, (i) => quick(at(variants, i), NO_DEPENDENCIES));
  const slowTimes = await measureRounds([same, general, ...peers], SLOW);
  return [
    { ...compare(what, quickTimes, "ours", "crypto.hash"), goal: 1.1 },
    ...peers.map(({ name }) => compare(what, slowTimes, "ours", name)),
    compare(`${what}, addressOf`, slowTimes, "addressOf", "ohash"),
  ];
}

const NAME = "outlier_estimator";
const NO_DEPENDENCIES: readonly Address[] = [];

function overAll(name: string, count: number, run: (i: number) => string): Contender {
  return {
    name,
    run() {
      let length = 0;
      for (let i = 0; i < count; i++) length += run(i % VARIANTS).length;
      return length;
    },
  };
}

function at<Item>(items: readonly Item[], i: number): Item {
  return items[i] as Item;
}

/**
 * Each node has a parameter of its own; a diamond of 50,000 levels has 2 nodes on each and 2^50000
 * paths.
 */
async function measureGraphs(): Promise<readonly BenchmarkRow[]> {
  const chained = createAddresser({ name: "link", roles: ["previous"] });
  const paired = createAddresser({ name: "node", roles: ["left", "right"] });
  const chain = `chain of ${NODES} nodes, each`;
  const diamond = `diamond of ${NODES} nodes, each`;
  const contenders: Contender[] = [
    {
      name: chain,
      run() {
        let last = START;
        for (let i = 0; i < NODES; i++) last = chained({ index: i }, [last]);
        return last.length;
      },
    },
    {
      name: diamond,
      run() {
        let left = START;
        let right = START;
        for (let i = 0; i < NODES; i += 2) {
          const both = [left, right];
          left = paired({ index: i }, both);
          right = paired({ index: i + 1 }, both);
        }
        return left.length + right.length;
      },
    },
  ];
  const times = await measureRounds(contenders, GRAPHS);
  return [chain, diamond].map((name) => ({ case: name, ours: timeOf(times, name), unit: "us", goal: 1 }));
}

const START = "0".repeat(64) as Address;

function compare(what: string, times: Measured, ours: string, peer: string): BenchmarkRow {
  return measuredRow(what, times, ours, peer);
}

function timeOf(times: ReadonlyMap<string, number>, name: string): number {
  const time = times.get(name);
  if (time === undefined) throw new Error(`${name} was not measured`);
  return time;
}
