import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  definePersistable,
  type Format,
  fileStore,
  json,
  type Logger,
  npy,
  structured,
  typedParams,
  type UniversalFormat,
} from "persistable-ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, type Measured, measureRounds } from "./measure-rounds.ts";
import { openPeerCaches, type PeerCache } from "./peer-caches.ts";
import { measuredRow } from "./row-of.ts";
import { smallPayload } from "./small-payload.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const SIZES = [400, 2000];
const PEER_BYTES = 2000;
const QUICK = { batchSize: 40, rounds: 31, warmUpRounds: 6 };
const DURABLE = { batchSize: 8, rounds: 15, warmUpRounds: 2 };
const BIG_VALUES = 12_500_000;
const BIG = { batchSize: 1, rounds: 7, warmUpRounds: 1 };

/** The text that is written beside a payload: about as long as our record. */
const METADATA = JSON.stringify({ createdAt: new Date(0).toISOString(), note: "x".repeat(1100) }, undefined, 2);

/** Writing payloads that are already in memory under addresses that are not there yet. */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const sizeBytes of SIZES) {
    rows.push(...(await withTemporaryFolder((dir) => quickWrites(dir, sizeBytes))));
    rows.push(...(await withTemporaryFolder((dir) => durableWrites(dir, sizeBytes))));
  }
  rows.push(...(await withTemporaryFolder((dir) => firstTimes(dir, 400))));
  rows.push(...(await withTemporaryFolder(bigWrites)));
  return {
    name: "persist",
    rows,
    notes: ["no peer waits for the disk, so that their rows stand beside ours without durability"],
  };
}

async function quickWrites(dir: string, sizeBytes: number): Promise<readonly BenchmarkRow[]> {
  const peers = sizeBytes === PEER_BYTES ? await openPeerCaches(dir) : [];
  const ours = [
    persisting("json()", join(dir, "json"), json(), sizeBytes, false),
    persisting("structured()", join(dir, "structured"), structured(), sizeBytes, false),
  ];
  const bare = writingTwoFiles("two writeFileSync", join(dir, "bare"), sizeBytes, false);
  const times = await measureRounds([...ours, bare, ...peers.map((peer) => setting(peer, sizeBytes))], QUICK);
  for (const peer of peers) await peer.close?.();
  return ours.flatMap(({ name }, i) =>
    rowsOf(`${sizeBytes} B, ${name}`, name, i === 0 ? [bare, ...peers] : [bare], times),
  );
}

async function durableWrites(dir: string, sizeBytes: number): Promise<readonly BenchmarkRow[]> {
  const ours = persisting("json()", join(dir, "json"), json(), sizeBytes, true);
  const bare = writingTwoFiles("two writes, fsync of both and the folder", join(dir, "bare"), sizeBytes, true);
  const times = await measureRounds([ours, bare], DURABLE);
  return rowsOf(`${sizeBytes} B, ${ours.name}, durable`, ours.name, [bare], times);
}

/**
 * Measures everything that a caller waits for if the payload is missing: look, lease, log,
 * generate, validate, publish.
 */
async function firstTimes(dir: string, sizeBytes: number): Promise<readonly BenchmarkRow[]> {
  const bare = writingTwoFiles("two writeFileSync", join(dir, "bare"), sizeBytes, false);
  const asking = [
    askingFirst("asked for the first time", join(dir, "ours"), sizeBytes),
    askingFirst("… with a logger", join(dir, "logged"), sizeBytes, logger),
    askingFirst(`… in a folder of ${FULL}`, join(dir, "full"), sizeBytes),
  ];
  await asking[2]?.fill();
  const times = await measureRounds([...asking, bare], { ...QUICK, rounds: 15 });
  return asking.map(({ name }) => measuredRow(`${sizeBytes} B, ${name}`, times, name, bare.name));
}

const FULL = 10_000;
const ignore = (): void => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function askingFirst(name: string, dir: string, sizeBytes: number, given?: Logger) {
  const build = openOurs(dir, json(), sizeBytes, false, given);
  let index = 0;
  return {
    name,
    async run() {
      for (let i = 0; i < QUICK.batchSize; i++) await build(index++).payload;
      return index;
    },
    async fill() {
      for (; index < FULL; index++) {
        const reviews = build(index);
        await reviews.generate({ persist: false });
        await reviews.persist();
      }
    },
  };
}

function openOurs(dir: string, format: UniversalFormat, sizeBytes: number, durable: boolean, given?: Logger) {
  const reviews = definePersistable({
    name: "reviews",
    params: typedParams<{ dataset: string; index: number }>(),
    generate: ({ params }) => smallPayload(params.index, sizeBytes),
    format,
  });
  const dataDir = fileStore(dir, { durable });
  return (index: number) => reviews({ dataset: "reviews", index }, { dataDir, logger: given });
}

function persisting(
  name: string,
  dir: string,
  format: UniversalFormat,
  sizeBytes: number,
  durable: boolean,
): Contender {
  const build = openOurs(dir, format, sizeBytes, durable);
  let index = 0;
  let pending: ReturnType<typeof build>[] = [];
  const { batchSize } = durable ? DURABLE : QUICK;
  return {
    name,
    async prepare() {
      pending = Array.from({ length: batchSize }, () => build(index++));
      for (const reviews of pending) await reviews.generate({ persist: false });
    },
    async run() {
      for (const reviews of pending) await reviews.persist();
      return index;
    },
  };
}

function writingTwoFiles(name: string, dir: string, sizeBytes: number, durable: boolean): Contender {
  mkdirSync(dir, { recursive: true });
  let index = 0;
  let payloads: unknown[] = [];
  const { batchSize } = durable ? DURABLE : QUICK;
  return {
    name,
    prepare() {
      payloads = Array.from({ length: batchSize }, (_, i) => smallPayload(index + i, sizeBytes));
    },
    run() {
      for (const payload of payloads) {
        const file = join(dir, `${index++}`);
        write(`${file}.payload.json`, JSON.stringify(payload), durable);
        write(`${file}.json`, METADATA, durable);
        if (durable) syncFolder(dir);
      }
      return index;
    },
  };
}

function write(file: string, text: string, durable: boolean): void {
  if (!durable) {
    writeFileSync(file, text);
    return;
  }
  const fd = openSync(file, "wx");
  writeFileSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
}

function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  fsyncSync(fd);
  closeSync(fd);
}

function setting(peer: PeerCache, sizeBytes: number): Contender {
  let index = 0;
  let payloads: unknown[] = [];
  return {
    name: peer.name,
    prepare() {
      payloads = Array.from({ length: QUICK.batchSize }, (_, i) => smallPayload(index + i, sizeBytes));
    },
    async run() {
      for (const payload of payloads) await peer.set(index++, payload);
      return index;
    },
  };
}

/** 100 MB of numbers, a file each time that is removed before the next. */
async function bigWrites(dir: string): Promise<readonly BenchmarkRow[]> {
  const values = Float64Array.from({ length: BIG_VALUES }, (_, i) => i * 1.1);
  const bareFile = join(dir, "bare");
  const bare: Contender = {
    name: "writeFileSync",
    prepare: () => rmSync(bareFile, { force: true }),
    run() {
      writeFileSync(bareFile, values);
      return values.length;
    },
  };
  const ours = [
    bigWrite("npy()", join(dir, "npy"), npy(), values),
    bigWrite("structured()", join(dir, "structured"), structured(), values),
  ];
  const times = await measureRounds([...ours, bare], BIG);
  return ours.map(({ name }) => {
    const value = (times.get(name) as number) / 1000;
    const peerValue = (times.get(bare.name) as number) / 1000;
    return { case: `100 MB, ${name}`, ours: value, unit: "ms", peer: bare.name, peerValue, ratio: value / peerValue };
  });
}

function bigWrite(
  name: string,
  dir: string,
  format: Format<Float64Array> | UniversalFormat,
  values: Float64Array,
): Contender {
  const numbers = definePersistable({
    name: "numbers",
    generate: () => values,
    format,
    memory: "shared",
  });
  const dataDir = fileStore(dir, { durable: false });
  let current = numbers({}, { dataDir });
  return {
    name,
    async prepare() {
      rmSync(dir, { recursive: true, force: true });
      current = numbers({}, { dataDir });
      await current.generate({ persist: false });
    },
    async run() {
      await current.persist();
      return values.length;
    },
  };
}

function rowsOf(
  what: string,
  ours: string,
  peers: readonly { readonly name: string }[],
  times: Measured,
): readonly BenchmarkRow[] {
  return peers.map(({ name }, i) => measuredRow(what, times, ours, name, i === 0 ? 1 : undefined));
}
