import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { definePersistable, type Store, type StorePath, typedParams } from "persistable-ts";
import { sftpStore } from "persistable-ts/stores/sftp";
import Client from "ssh2-sftp-client";
import { type Sshd, startSshd } from "../test/support/servers/sshd.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { rowOf } from "./row-of.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const SMALL_CALLS = 20;
const SMALL = { batchSize: SMALL_CALLS, rounds: 9, warmUpRounds: 2 };
const BIG_BYTES = 16e6;
const BIG = { batchSize: 1, rounds: 5, warmUpRounds: 1 };
const PUT = "put of ssh2-sftp-client";
const GET = "get of ssh2-sftp-client";
const NOTES = [
  "One call after the other: parallel ones hide how long each waits. The peer has the same setting, a socket without Nagle's algorithm.",
  "A write here is a file under another name, its size compared, and a rename; a read is a look, an open, a size, the bytes, a close.",
];

/**
 * Small and big objects through the store and by its client alone, one call after the other,
 * against one sshd on this machine.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const server = await startSshd();
  if (server === undefined) return { name: "sftp", rows: [], notes: ["Left out: sshd is not installed."] };
  try {
    return { name: "sftp", rows: await withTemporaryFolder((folder) => measure(server, folder)), notes: NOTES };
  } finally {
    await server.close();
  }
}

async function measure(server: Sshd, folder: string): Promise<BenchmarkRow[]> {
  const store = await sftpStore({ ...optionsOf(server), path: `${folder}/ours`, durable: false });
  const client = await openClient(server);
  await client.mkdir(`${folder}/peer`);
  const rows = [
    ...(await measureSmall(store, client, `${folder}/peer/small`)),
    ...(await measurePayloads(store, client, `${folder}/peer`)),
    ...(await measureBig(store, client, `${folder}/peer/big`)),
  ];
  await client.end();
  return rows;
}

function optionsOf({ port, username, keyFile, hostKey }: Sshd) {
  return { host: "127.0.0.1", port, username, privateKeyFile: keyFile, hostKey };
}

async function openClient({ port, username, keyFile }: Sshd): Promise<Client> {
  const client = new Client();
  const sock = connect({ host: "127.0.0.1", port, noDelay: true });
  await client.connect({ sock, username, privateKey: readFileSync(keyFile) });
  return client;
}

async function measureSmall(store: Store, client: Client, peerPath: string): Promise<BenchmarkRow[]> {
  const bytes = Buffer.alloc(100, "payload ");
  const path = "points/small" as StorePath;
  const written = await measureRounds(
    [
      { name: "ours", run: () => repeat(async () => store.replace(path, [bytes]).then(() => bytes.length)) },
      { name: "peer", run: () => repeat(async () => client.put(bytes, peerPath).then(() => bytes.length)) },
    ],
    SMALL,
  );
  const read = await measureRounds(
    [
      { name: "ours", run: () => repeat(async () => check(await store.read(path), bytes)) },
      { name: "peer", run: () => repeat(async () => check((await client.get(peerPath)) as Buffer, bytes)) },
    ],
    SMALL,
  );
  return [
    rowOf("100 B replaced", "us", written.get("ours"), PUT, written.get("peer")),
    rowOf("100 B read", "us", read.get("ours"), GET, read.get("peer"), 1.25),
  ];
}

/** All of it: lease, record, verification. */
async function measurePayloads(store: Store, client: Client, folder: string): Promise<BenchmarkRow[]> {
  const numbers = definePersistable({
    name: "numbers",
    params: typedParams<{ n: number }>(),
    generate: ({ params }) => ({ a: params.n }),
  });
  const text = Buffer.from('{"a":1}');
  let made = 0;
  const generated = await measureRounds(
    [
      { name: "ours", run: () => repeat(async () => (await numbers({ n: made++ }, { dataDir: store }).payload).a) },
      { name: "peer", run: () => repeat(async () => client.put(text, `${folder}/${made++}`).then(() => 1)) },
    ],
    SMALL,
  );
  await numbers({ n: -1 }, { dataDir: store }).payload;
  await client.put(text, `${folder}/hit`);
  const hits = await measureRounds(
    [
      { name: "ours", run: () => repeat(async () => (await numbers({ n: -1 }, { dataDir: store }).load()).a) },
      { name: "peer", run: () => repeat(async () => check((await client.get(`${folder}/hit`)) as Buffer, text)) },
    ],
    SMALL,
  );
  return [
    rowOf("small payload, generated and persisted", "us", generated.get("ours"), PUT, generated.get("peer")),
    rowOf("small payload, loaded", "us", hits.get("ours"), GET, hits.get("peer")),
  ];
}

async function measureBig(store: Store, client: Client, peerPath: string): Promise<BenchmarkRow[]> {
  const bytes = Buffer.alloc(BIG_BYTES, "payload ");
  const path = "points/big" as StorePath;
  const contenders = (ours: () => Promise<number>, peer: () => Promise<number>): Contender[] => [
    { name: "ours", run: ours },
    { name: "peer", run: peer },
  ];
  const written = await measureRounds(
    contenders(
      () => store.replace(path, [bytes]).then(() => bytes.length),
      () => client.put(bytes, peerPath).then(() => bytes.length),
    ),
    BIG,
  );
  const read = await measureRounds(
    contenders(
      async () => check(await store.read(path), bytes),
      async () => check((await client.get(peerPath)) as Buffer, bytes),
    ),
    BIG,
  );
  return [
    rowOf("16 MB written", "ms", written.get("ours"), PUT, written.get("peer"), 1.25),
    rowOf("16 MB read", "ms", read.get("ours"), GET, read.get("peer"), 1.25),
  ];
}

async function repeat(call: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let i = 0; i < SMALL_CALLS; i++) sum += await call();
  return sum;
}

function check(read: Uint8Array | undefined, written: Uint8Array): number {
  return read?.length === written.length && read.at(-1) === written.at(-1) ? written.length : Number.NaN;
}
