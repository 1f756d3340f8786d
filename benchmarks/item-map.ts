import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileStore } from "persistable-ts";
import { persistableMap } from "persistable-ts/pipeline";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { openPeerCaches, type PeerCache } from "./peer-caches.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const COUNT = 2000;
const ROUNDS = 3;

const squares = persistableMap({
  name: "squares",
  item: (text: string) => text,
  batchSize: 100,
  generateBatch: ({ items }) => items.map(payloadOf),
});

function payloadOf(text: string): { readonly text: string; readonly vector: readonly number[] } {
  return { text, vector: Array.from({ length: 16 }, (_, i) => text.length * i) };
}

/**
 * Payloads of many small items, against a file for each and against keyv; neither verifies what it
 * reads.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (folder) => {
    const items = Array.from({ length: COUNT }, (_, i) => `item number ${i}`);
    const keyv = (await openPeerCaches(join(folder, "peers"))).find(({ name }) => name.startsWith("keyv"));
    const peers = [bareFiles(join(folder, "files")), ...(keyv === undefined ? [] : [keyv])];
    const ours = { write: [] as number[], load: [] as number[] };
    const theirs = peers.map(() => ({ write: [] as number[], load: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++) {
      const dataDir = fileStore(join(folder, `ours-${round}`), { durable: false });
      ours.write.push(await time(() => squares({}, { dataDir }).load(items)));
      ours.load.push(await time(() => squares({}, { dataDir }).load(items)));
      for (const [i, peer] of peers.entries()) {
        theirs[i]?.write.push(
          await time(async () => {
            for (const [index, item] of items.entries()) await peer.set(index + round * COUNT, payloadOf(item));
          }),
        );
        theirs[i]?.load.push(
          await time(async () => {
            for (const index of items.keys()) await peer.get(index + round * COUNT);
          }),
        );
      }
    }
    const rows = (["write", "load"] as const).flatMap((what) =>
      peers.map((peer, i): BenchmarkRow => {
        const [own, other] = [medianOf(ours[what]), medianOf(theirs[i]?.[what] ?? [])];
        return {
          case: `${COUNT} items, ${what === "write" ? "generate and keep" : "load"}, each`,
          ours: own,
          unit: "us",
          peer: peer.name,
          peerValue: other,
          ratio: own / other,
        };
      }),
    );
    await keyv?.close?.();
    return { name: "item-map", rows, notes: ["Ours computes an address for each item and verifies each payload."] };
  });
}

function bareFiles(dir: string): PeerCache {
  mkdirSync(dir, { recursive: true });
  return {
    name: "a JSON file each",
    set: (index, payload) => writeFileSync(join(dir, `${index}.json`), JSON.stringify(payload)),
    get: (index) => JSON.parse(readFileSync(join(dir, `${index}.json`), "utf8")),
  };
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return ((performance.now() - startedMs) * 1000) / COUNT;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
