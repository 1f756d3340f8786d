import { fork, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactRecord } from "persistable-ts";
import { type Catalog, listRecords, openCatalog } from "persistable-ts/catalog";
import { definePersistable, typedParams } from "../src/entry/index.ts";
import { writeRecords } from "../test/support/write-records.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds, median } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** The folder of a catalogue to open, or the number of artifacts to measure. */
const [what, argument = ""] = process.argv.slice(2);
const COUNT = Number(argument);
const NAME = "estimator";
const LOOK_UPS = 1000;
const QUERY = "estimator zThreshold>4 n=300 kind=wide";

const estimator = definePersistable({
  name: NAME,
  params: typedParams<{ zThreshold: number; n: number; kind: string; randomState: number }>(),
  generate: () => 1,
});

function paramsOf(i: number) {
  return { zThreshold: i % 10, n: 100 * (i % 7), kind: i % 3 === 0 ? "wide" : "narrow", randomState: i };
}

async function measure(folder: string): Promise<BenchmarkReport> {
  writeRecords(folder, artifacts(0, COUNT));
  settle(folder);
  const notes: string[] = [];
  const rows = [await measureRebuild(folder)];
  const { held, peak } = await measureMemory(folder);
  const catalog = openCatalog(folder);
  const openedMs = await timed(() => catalog.find(NAME, { limit: 1 }));
  rows.push({ case: "a process opens the index", ours: openedMs, unit: "ms" });
  rows.push({ case: "memory that a catalogue holds", ours: held, unit: "MB", goal: 300 });
  rows.push({ case: "peak memory of a process that opens it", ours: peak, unit: "MB" });
  rows.push(...measureCommand(folder));
  const peers = await openPeers(folder, catalog, notes);
  rows.push(...(await measureQueries(catalog, peers)));
  rows.push({ case: "the facets of all", ours: await timed(() => catalog.facets(NAME)), unit: "ms", goal: 1000 });
  // The order is kept, so only the first window in it takes time.
  for (const sort of ["randomState", "-kind", "address"])
    rows.push({
      case: `the first 50 by ${sort}`,
      ours: await timed(() => catalog.find(NAME, { sort, limit: 50 })),
      unit: "ms",
      goal: 500,
    });
  for (const { close } of peers) await close();
  rows.push(...(await measureNearest(folder, catalog)), ...(await measureNew(folder, catalog)));
  await catalog.close();
  return { name: "catalog", rows: rows.map((row) => ({ ...row, case: `${COUNT}: ${row.case}` })), notes };
}

interface Memory {
  /** The megabytes that are not garbage, without those of an empty process. */
  readonly held: number;
  /** The most memory that the process had. */
  readonly peak: number;
}

/** The work of a process of its own, which reports its memory. */
async function openOnly(folder: string): Promise<void> {
  const heldBefore = heldMegabytes();
  const catalog = openCatalog(folder);
  await catalog.find(QUERY, { limit: 50 });
  // What is external is freed a turn after what refers to it.
  heldMegabytes();
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.send?.({ held: heldMegabytes() - heldBefore, peak: process.resourceUsage().maxRSS / 1000 } satisfies Memory);
  await catalog.close();
}

function measureMemory(folder: string): Promise<Memory> {
  return new Promise((resolve, reject) => {
    const [, file = ""] = process.argv;
    fork(file, ["open", folder])
      .on("message", (memory) => resolve(memory as Memory))
      .on("error", reject);
  });
}

/** The command as people run it, and a process that does nothing. */
function measureCommand(folder: string): BenchmarkRow[] {
  const run = (args: readonly string[]): number => {
    const startedMs = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return performance.now() - startedMs;
  };
  const times = Array.from({ length: 5 }, () => ({
    ours: run(["dist/entry/bin/persistable.js", "ls", NAME, "--data-dir", folder]),
    empty: run(["-e", "0"]),
  }));
  const [ours, peerValue] = [median(times.map((time) => time.ours)), median(times.map((time) => time.empty))];
  return [
    { case: "persistable ls", ours, unit: "ms", peer: "an empty process", peerValue, ratio: ours / peerValue },
    { case: "persistable ls", ours, unit: "ms", goal: 500 },
  ];
}

function* artifacts(first: number, count: number) {
  for (let i = first; i < first + count; i++) yield estimator(paramsOf(i));
}

/** As if the last change had been an hour ago: only then an index says that it holds everything. */
function settle(folder: string): void {
  const time = new Date(Date.now() - 3_600_000);
  utimesSync(join(folder, NAME), time, time);
}

async function measureRebuild(folder: string): Promise<BenchmarkRow> {
  const ours: Contender = {
    name: "index",
    prepare: () => rmSync(join(folder, ".persistable"), { recursive: true, force: true }),
    async run() {
      const catalog = openCatalog(folder);
      const { total } = await catalog.find(NAME, { limit: 1 });
      await catalog.close();
      return total === COUNT ? total : Number.NaN;
    },
  };
  const bare: Contender = {
    name: "bare",
    run() {
      let draws = 0;
      for (const file of readdirSync(join(folder, NAME)))
        draws += JSON.parse(readFileSync(join(folder, NAME, file), "utf8")).params.n;
      return draws;
    },
  };
  const times = await measureRounds([ours, bare], { batchSize: COUNT, rounds: 3, warmUpRounds: 0 });
  const [built, read] = [times.get("index") ?? Number.NaN, times.get("bare") ?? Number.NaN];
  return {
    case: "build the index from records, each",
    ours: built,
    unit: "us",
    peer: "readFileSync + JSON.parse",
    peerValue: read,
    ratio: built / read,
  };
}

interface Peer {
  readonly name: string;
  /** Runs a query, and gives the number of rows. */
  query(sql: string): number | Promise<number>;
  close(): void | Promise<void>;
}

/** The part of it that is used here: the types of Node 20 do not have it. */
interface Sqlite {
  readonly DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): { run(...values: readonly unknown[]): unknown; all(): readonly unknown[] };
    close(): void;
  };
}

const CREATE =
  "CREATE TABLE entries (address TEXT PRIMARY KEY, created TEXT, zThreshold DOUBLE, n DOUBLE, kind TEXT, randomState DOUBLE)";

async function openPeers(folder: string, catalog: Catalog, notes: string[]): Promise<Peer[]> {
  const { artifacts: entries } = await catalog.find(NAME);
  const rows = entries.map(({ address, createdAt, params: { zThreshold, n, kind, randomState } }) => [
    address,
    createdAt,
    zThreshold,
    n,
    kind,
    randomState,
  ]);
  const duckdb = await openDuckdb(folder, rows);
  const peers = duckdb === undefined ? [] : [duckdb];
  if (duckdb === undefined) notes.push("@duckdb/node-api is not installed.");
  const sqlite = process.getBuiltinModule("node:sqlite") as Sqlite | undefined;
  if (sqlite === undefined) notes.push("node:sqlite needs Node 22.");
  else {
    const database = new sqlite.DatabaseSync(join(folder, "peer.sqlite"));
    database.exec(CREATE);
    database.exec("CREATE INDEX newest ON entries (created)");
    database.exec("BEGIN");
    const insert = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)");
    for (const row of rows) insert.run(...row);
    database.exec("COMMIT");
    peers.push({
      name: "node:sqlite",
      query: (sql) => database.prepare(sql).all().length,
      close: () => database.close(),
    });
  }
  return peers;
}

async function openDuckdb(folder: string, rows: readonly (readonly unknown[])[]): Promise<Peer | undefined> {
  const installed = await import("@duckdb/node-api").catch(() => undefined);
  if (installed === undefined) return undefined;
  mkdirSync(join(folder, "peer"), { recursive: true });
  const database = await installed.DuckDBInstance.create(join(folder, "peer", "peer.duckdb"));
  const connection = await database.connect();
  await connection.run(CREATE);
  const appender = await connection.createAppender("entries");
  for (const [address, created, ...values] of rows) {
    appender.appendVarchar(String(address));
    appender.appendVarchar(String(created));
    for (const value of values) {
      if (typeof value === "number") appender.appendDouble(value);
      else appender.appendVarchar(String(value));
    }
    appender.endRow();
  }
  appender.closeSync();
  return {
    name: "DuckDB",
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson().length,
    close() {
      connection.closeSync();
      database.closeSync();
    },
  };
}

async function measureQueries(catalog: Catalog, peers: readonly Peer[]): Promise<BenchmarkRow[]> {
  const [some] = (await catalog.find(NAME, { limit: 1, offset: COUNT >> 1 })).artifacts;
  const prefix = some?.address.slice(0, 12) ?? "";
  const cases = [
    {
      name: "the newest 50",
      goal: 1,
      sql: "SELECT * FROM entries ORDER BY created DESC LIMIT 50",
      ours: async () => (await catalog.find(NAME, { limit: 50 })).artifacts.length,
    },
    {
      name: "an address by 12 digits",
      goal: 1,
      sql: `SELECT * FROM entries WHERE address >= '${prefix}' AND address < '${prefix}g'`,
      ours: async () => (await catalog.resolve(`${NAME}/${prefix}`)).address.length,
    },
    {
      name: "three terms, counted, with the newest 50",
      goal: 20,
      sql: "SELECT *, count(*) OVER () FROM entries WHERE zThreshold > 4 AND n = 300 AND kind = 'wide' ORDER BY created DESC LIMIT 50",
      ours: async () => (await catalog.find(QUERY, { limit: 50 })).total,
    },
  ];
  const rows: BenchmarkRow[] = [];
  for (const { name, goal, sql, ours } of cases) {
    const contenders = [
      { name: "ours", run: ours },
      ...peers.map((peer) => ({ name: peer.name, run: () => peer.query(sql) })),
    ];
    const times = await measureRounds(contenders, { batchSize: 1, rounds: 9, warmUpRounds: 3 });
    const own = (times.get("ours") ?? Number.NaN) / 1000;
    rows.push({ case: name, ours: own, unit: "ms", goal });
    for (const { name: peer } of peers) {
      const peerValue = (times.get(peer) ?? Number.NaN) / 1000;
      rows.push({ case: name, ours: own, unit: "ms", peer, peerValue, ratio: own / peerValue });
    }
  }
  return rows;
}

async function measureNearest(folder: string, catalog: Catalog): Promise<BenchmarkRow[]> {
  const records: ArtifactRecord[] = [];
  for await (const record of listRecords(folder, NAME)) {
    if ("params" in record) records.push(record);
    if (records.length === LOOK_UPS) break;
  }
  const lookUp = async () => {
    for (const record of records) await catalog.nearest(record, 1);
  };
  // The first ones build the tables that all others use.
  const firstMs = await timed(lookUp);
  const times = [await timed(lookUp), await timed(lookUp), await timed(lookUp)];
  return [
    { case: `the first ${records.length} nearest look-ups`, ours: firstMs, unit: "ms" },
    { case: `${records.length} more nearest look-ups`, ours: median(times), unit: "ms", goal: 50 },
  ];
}

async function measureNew(folder: string, catalog: Catalog): Promise<BenchmarkRow[]> {
  const firstMs = await timed(() => catalog.refresh());
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    writeRecords(folder, artifacts(COUNT + round, 1));
    times.push(
      await timed(async () => {
        const { added } = await catalog.refresh();
        if (added.length !== 1) throw new Error(`${added.length} new artifacts were seen instead of 1`);
      }),
    );
  }
  return [
    { case: "the first refresh, which lists the folder", ours: firstMs, unit: "ms" },
    { case: "one new artifact is seen", ours: median(times), unit: "ms", goal: 5 },
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Everything that is not garbage. */
function heldMegabytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

if (what === "open") await openOnly(argument);
else process.send?.(await withTemporaryFolder(measure));
process.disconnect();
