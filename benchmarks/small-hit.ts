import { join } from "node:path";
import { definePersistable, fileStore, json, structured, typedParams, type UniversalFormat } from "persistable-ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { openBareFiles, openPeerCaches, type PeerCache } from "./peer-caches.ts";
import { PAYLOAD_SIZES, type SmallPayload, smallPayload, weigh } from "./small-payload.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const ARTIFACTS = 100;
const OPTIONS = { batchSize: ARTIFACTS, rounds: 61, warmUpRounds: 15 };

/**
 * A hit: build the persistable from its params tree, which computes its address, and await its payload, which reads and verifies it. Nothing
 * of the payload is in memory before. Peers get a ready key; none of them but cacache verifies.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const sizeBytes of PAYLOAD_SIZES) rows.push(...(await withTemporaryFolder((dir) => hitsOf(dir, sizeBytes))));
  return { name: "small-hit", rows };
}

async function hitsOf(dir: string, sizeBytes: number): Promise<readonly BenchmarkRow[]> {
  const ours = [
    ["json()", openOurs(join(dir, "json"), json(), sizeBytes)],
    ["structured()", openOurs(join(dir, "structured"), structured(), sizeBytes)],
  ] as const;
  const bare = openBareFiles(join(dir, "bare"));
  const peers = await openPeerCaches(dir);
  for (let i = 0; i < ARTIFACTS; i++) {
    for (const cache of [...peers, bare]) await cache.set(i, smallPayload(i, sizeBytes));
    for (const [, load] of ours) await load(i);
  }
  const rows: BenchmarkRow[] = [];
  for (const [what, pick] of [
    [`${ARTIFACTS} artifacts`, (i: number) => i],
    ["the same again", () => 7],
  ] as const) {
    const contenders = [
      ...ours.map(([name, load]) => hitting(name, load, pick)),
      bareHits(bare, pick),
      ...peers.map((peer) => hitting(peer.name, (i) => peer.get(i), pick)),
    ];
    const times = await measureRounds(contenders, OPTIONS);
    rows.push(
      ...rowsOf(
        `${sizeBytes} B, ${what}`,
        ours.map(([name]) => name),
        [bare, ...peers],
        times,
      ),
    );
  }
  for (const peer of peers) await peer.close?.();
  return rows;
}

function openOurs(dir: string, format: UniversalFormat, sizeBytes: number): (index: number) => Promise<SmallPayload> {
  const reviews = definePersistable({
    name: "reviews",
    params: typedParams<{ dataset: string; index: number }>(),
    generate: ({ params }) => smallPayload(params.index, sizeBytes),
    format,
  });
  const dataDir = fileStore(dir);
  return (index) => reviews({ dataset: "reviews", index }, { dataDir }).payload;
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
  what: string,
  ours: readonly string[],
  peers: readonly PeerCache[],
  times: ReadonlyMap<string, number>,
): readonly BenchmarkRow[] {
  const rows: BenchmarkRow[] = [];
  for (const format of ours) {
    for (const [i, { name }] of peers.entries()) {
      const value = times.get(format) as number;
      const peerValue = times.get(name) as number;
      const goal = i === 0 ? { goal: 1 } : {};
      rows.push({
        case: `${what}, ${format}`,
        ours: value,
        unit: "us",
        peer: name,
        peerValue,
        ratio: value / peerValue,
        ...goal,
      });
    }
  }
  return rows;
}
