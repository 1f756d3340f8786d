import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { definePersistable, npy, type Store, type StorePath } from "persistable-ts";
import { s3Store } from "persistable-ts/stores/s3";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { rowOf } from "./row-of.ts";

const BYTES = 1e9;
const BIG = { batchSize: 1, rounds: 5, warmUpRounds: 1 };
const SMALL_READS = 300;
const SMALL = { batchSize: SMALL_READS, rounds: 9, warmUpRounds: 3 };
/** At least 0.8 times the client's throughput. */
const GOAL = 1.25;
const BUCKET = "results";
const UPLOAD = "Upload of @aws-sdk/lib-storage";
const DOWNLOAD = "GetObject into a buffer";
const NOTES = [
  "The peer is the official client with the same settings, retries off; it neither digests what it sends nor verifies what it gets.",
];

const child = fileURLToPath(new URL("./s3-child.js", import.meta.url));

/**
 * A big payload and a small one through the store and by the official client alone, against one
 * server on this machine.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  process.env.AWS_ACCESS_KEY_ID = "benchmark";
  process.env.AWS_SECRET_ACCESS_KEY = "benchmark";
  const server = fork(child, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    const endpoint = await endpointOf(server);
    const store = await s3Store({ bucket: BUCKET, endpoint });
    await store.prepare?.();
    const client = openClient(endpoint);
    const forget = (): void => void server.send("forget");
    const rows = [
      ...(await measureBytes(store, client, forget)),
      ...(await measurePayload(store, client, forget)),
      await measureSmall(store, client),
    ];
    client.destroy();
    return { name: "s3", rows, notes: NOTES };
  } finally {
    server.disconnect();
    await once(server, "exit");
  }
}

async function endpointOf(server: ChildProcess): Promise<string> {
  const [port] = await once(server, "message");
  return `http://127.0.0.1:${port}`;
}

function openClient(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

/** The store alone. */
async function measureBytes(store: Store, client: S3Client, forget: () => void): Promise<BenchmarkRow[]> {
  const payload = Buffer.alloc(BYTES, "payload ");
  const path = "points/big" as StorePath;
  const written = await measureRounds(
    [
      {
        name: "ours",
        prepare: forget,
        run: async () => ((await store.createIfAbsent(path, [payload])) === "created" ? payload.length : Number.NaN),
      },
      uploading(client, "peer", payload, forget),
    ],
    BIG,
  );
  await store.replace(path, [payload]);
  await upload(client, "peer", payload);
  const read = await measureRounds(
    [{ name: "ours", run: async () => check(await store.read(path), payload) }, downloading(client, "peer", payload)],
    BIG,
  );
  forget();
  return [
    rowOf("1 GB of bytes, written", "ms", written.get("ours"), UPLOAD, written.get("peer"), GOAL),
    rowOf("1 GB of bytes, read", "ms", read.get("ours"), DOWNLOAD, read.get("peer"), GOAL),
  ];
}

/** All of it: digest, record, lease, verification. */
async function measurePayload(store: Store, client: S3Client, forget: () => void): Promise<BenchmarkRow[]> {
  const values = new Float64Array(BYTES / 8).fill(1.1);
  const payload = Buffer.from(values.buffer);
  const numbers = definePersistable({ name: "numbers", format: npy(), memory: "shared", generate: () => values });
  const persisted = await measureRounds(
    [
      { name: "ours", prepare: forget, run: async () => (await numbers({}, { dataDir: store }).generate()).length },
      uploading(client, "peer", payload, forget),
    ],
    BIG,
  );
  await numbers({}, { dataDir: store }).generate();
  await upload(client, "peer", payload);
  const load = async (): Promise<number> => {
    const { buffer, byteOffset, byteLength } = await numbers({}, { dataDir: store }).load();
    return check(new Uint8Array(buffer, byteOffset, byteLength), payload);
  };
  const loaded = await measureRounds([{ name: "ours", run: load }, downloading(client, "peer", payload)], BIG);
  forget();
  return [
    rowOf("1 GB payload, generated and persisted", "ms", persisted.get("ours"), UPLOAD, persisted.get("peer"), GOAL),
    rowOf("1 GB payload, loaded and verified", "ms", loaded.get("ours"), DOWNLOAD, loaded.get("peer"), GOAL),
  ];
}

function uploading(client: S3Client, key: string, bytes: Uint8Array, prepare: () => void): Contender {
  return { name: "peer", prepare, run: () => upload(client, key, bytes) };
}

async function upload(client: S3Client, key: string, bytes: Uint8Array): Promise<number> {
  await new Upload({ client, params: { Bucket: BUCKET, Key: key, Body: bytes } }).done();
  return bytes.length;
}

function downloading(client: S3Client, key: string, bytes: Uint8Array): Contender {
  return { name: "peer", run: async () => check(await download(client, key), bytes) };
}

async function measureSmall(store: Store, client: S3Client): Promise<BenchmarkRow> {
  const payload = Buffer.alloc(1000, "payload ");
  const path = "points/small" as StorePath;
  await store.createIfAbsent(path, [payload]);
  const repeat = async (read: () => Promise<Uint8Array | undefined>): Promise<number> => {
    let sum = 0;
    for (let i = 0; i < SMALL_READS; i++) sum += check(await read(), payload);
    return sum;
  };
  const contenders: Contender[] = [
    { name: "ours", run: () => repeat(() => store.read(path)) },
    { name: "peer", run: () => repeat(() => download(client, path)) },
  ];
  const read = await measureRounds(contenders, SMALL);
  return rowOf("1 kB read", "us", read.get("ours"), DOWNLOAD, read.get("peer"));
}

/** As its documentation has it, with what is to be kept in one buffer. */
async function download(client: S3Client, key: string): Promise<Uint8Array> {
  const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  const bytes = new Uint8Array(ContentLength);
  let filled = 0;
  for await (const piece of Body as AsyncIterable<Uint8Array>) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}

/** Not all of it: comparing would take longer than what is measured. */
function check(read: Uint8Array | undefined, payload: Uint8Array): number {
  const isRight = read?.length === payload.length && read.at(-1) === payload.at(-1) && read.at(500) === payload.at(500);
  return isRight ? payload.length : Number.NaN;
}
