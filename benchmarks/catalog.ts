import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { ArtifactRecord } from "persistable-ts";
import { type Catalog, listRecords, openCatalog } from "persistable-ts/catalog";
import { definePersistable, typedParams } from "../src/entry/index.ts";
import { writeRecords } from "../test/support/write-records.ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

/** `BENCHMARK_ARTIFACTS` is for a trial with fewer. */
const COUNT = Number(
  process.env.BENCHMARK_ARTIFACTS ?? (process.env.BENCHMARK_HUGE === undefined ? 100_000 : 1_000_000),
);
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

/**
 * Questions to a catalogue of many artifacts, against databases that hold the same rows.
 * The records are written by a helper of the tests, since a run would take hours.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (folder) => {
    writeRecords(folder, artifacts(0, COUNT));
    settle(folder);
    const notes = [`${COUNT} artifacts of one name.`, "A database is told of a new artifact; a catalogue finds it."];
    const rows = [await measureRebuild(folder)];
    const heldBefore = heldMegabytes();
    const catalog = openCatalog(folder);
    const openedMs = await timed(() => catalog.find(NAME, { limit: 1 }));
    rows.push({ case: "a process that opens the index", ours: openedMs, unit: "ms" });
    rows.push({ case: "memory held", ours: heldMegabytes() - heldBefore, unit: "MB", goal: 300 });
    const peers = await openPeers(folder, catalog, notes);
    rows.push(...(await measureQueries(catalog, peers)), await measureNearest(folder, catalog));
    rows.push(await measureNew(folder, catalog));
    await catalog.close();
    for (const { close } of peers) await close();
    return { name: "catalog", rows, notes };
  });
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
  const peers = [await openDuckdb(folder, rows)];
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

async function openDuckdb(folder: string, rows: readonly (readonly unknown[])[]): Promise<Peer> {
  mkdirSync(join(folder, "peer"), { recursive: true });
  const database = await DuckDBInstance.create(join(folder, "peer", "peer.duckdb"));
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

async function measureNearest(folder: string, catalog: Catalog): Promise<BenchmarkRow> {
  const records: ArtifactRecord[] = [];
  for await (const record of listRecords(folder, NAME)) {
    if ("params" in record) records.push(record);
    if (records.length === LOOK_UPS) break;
  }
  const [first] = records;
  if (first !== undefined) await catalog.nearest(first, 1);
  const tookMs = await timed(async () => {
    for (const record of records) await catalog.nearest(record, 1);
  });
  return { case: `${records.length} exact nearest look-ups`, ours: tookMs, unit: "ms", goal: 50 };
}

async function measureNew(folder: string, catalog: Catalog): Promise<BenchmarkRow> {
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
  times.sort((one, other) => one - other);
  return { case: "one new artifact is seen", ours: times[2] ?? Number.NaN, unit: "ms", goal: 5 };
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
