import { join } from "node:path";
import {
  definePersistable,
  fileStore,
  json,
  type PersistableOptions,
  structured,
  typedParams,
  type UniversalFormat,
} from "persistable-ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, type Measured, measureRounds } from "./measure-rounds.ts";
import { openBareFiles, openPeerCaches, type PeerCache } from "./peer-caches.ts";
import { measuredRow } from "./row-of.ts";
import { PAYLOAD_SIZES, type SmallPayload, smallPayload, weigh } from "./small-payload.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const ARTIFACTS = 100;
const PEER_BYTES = 2000;
const GOAL = 1.7;
const OPTIONS = { batchSize: ARTIFACTS, rounds: 61, warmUpRounds: 15 };

/**
 * A hit: build the persistable from its params tree, which computes its address, and await its
 * payload, which reads and verifies it. Nothing of the payload is in memory before. Peers get a
 * ready key; none of them but cacache verifies.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const sizeBytes of PAYLOAD_SIZES) rows.push(...(await withTemporaryFolder((dir) => hitsOf(dir, sizeBytes))));
  return { name: "small-hit", rows };
}

async function hitsOf(dir: string, sizeBytes: number): Promise<readonly BenchmarkRow[]> {
  const dataDir = join(dir, "json");
  const ours = [
    { name: "json()", load: openOurs({ dataDir: fileStore(dataDir) }, json(), sizeBytes) },
    { name: "json(), dataDir a text", load: openOurs({ dataDir }, json(), sizeBytes) },
    { name: "json(), logger given", load: openOurs({ dataDir: fileStore(dataDir), logger }, json(), sizeBytes) },
    {
      name: "structured()",
      load: openOurs({ dataDir: fileStore(join(dir, "structured")) }, structured(), sizeBytes),
    },
  ];
  const bare = openBareFiles(join(dir, "bare"));
  // Most of them use the thread pool, and one size tells how they compare.
  const peers = sizeBytes === PEER_BYTES ? await openPeerCaches(dir) : [];
  for (let i = 0; i < ARTIFACTS; i++) {
    for (const cache of [bare, ...peers]) await cache.set(i, smallPayload(i, sizeBytes));
    for (const { load } of ours) await load(i);
  }
  const rows: BenchmarkRow[] = [];
  for (const { what, pick } of PICKS) {
    const contenders = [
      ...ours.map(({ name, load }) => hitting(name, load, pick)),
      bareHits(bare, pick),
      ...peers.map((peer) => hitting(peer.name, (i) => peer.get(i), pick)),
    ];
    const times = await measureRounds(contenders, OPTIONS);
    const [first, ...others] = ours.map(({ name }) => ({ case: `${sizeBytes} B, ${what}, ${name}`, name }));
    if (first !== undefined) rows.push(...rowsOf(first, [bare, ...peers], times));
    for (const other of others) rows.push(...rowsOf(other, [bare], times));
  }
  for (const peer of peers) await peer.close?.();
  return rows;
}

const PICKS = [
  { what: `${ARTIFACTS} artifacts`, pick: (i: number) => i },
  { what: "the same again", pick: () => 7 },
];

const ignore = (): void => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function openOurs(
  surroundings: PersistableOptions,
  format: UniversalFormat,
  sizeBytes: number,
): (index: number) => Promise<SmallPayload> {
  const reviews = definePersistable({
    name: "reviews",
    params: typedParams<{ dataset: string; index: number }>(),
    generate: ({ params }) => smallPayload(params.index, sizeBytes),
    format,
  });
  return (index) => reviews({ dataset: "reviews", index }, surroundings).payload;
}

function hitting(name: string, get: (index: number) => unknown, pick: (i: number) => number): Contender {
  return {
    name,
    async run() {
      let sum = 0;
      for (let i = 0; i < ARTIFACTS; i++) sum += weigh(await get(pick(i)));
      return sum;
    },
  };
}

function bareHits(bare: PeerCache, pick: (i: number) => number): Contender {
  return {
    name: bare.name,
    run() {
      let sum = 0;
      for (let i = 0; i < ARTIFACTS; i++) sum += weigh(bare.get(pick(i)));
      return sum;
    },
  };
}

function rowsOf(
  { case: what, name: ours }: { readonly case: string; readonly name: string },
  peers: readonly PeerCache[],
  times: Measured,
): readonly BenchmarkRow[] {
  return peers.map(({ name }, i) => measuredRow(what, times, ours, name, i === 0 ? GOAL : undefined));
}
