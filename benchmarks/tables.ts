import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  Table as ArrowTable,
  Dictionary,
  Int32,
  makeVector,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { parse } from "csv-parse/sync";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { Packr } from "msgpackr";
import { defaultDecodeLimits, definePersistable, type Format } from "persistable-ts";
import { table } from "persistable-ts/formats/table";
import { type Column, ColumnTable, readTable } from "persistable-ts/table";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { rowOf } from "./row-of.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const ROWS = 1e6;
const ONCE = { batchSize: 1, rounds: 7, warmUpRounds: 2 };
const SLOW = { batchSize: 1, rounds: 3, warmUpRounds: 1 };
const NOTES = [
  "All read and write files in the page cache; none syncs to the disk but what is generated and persisted.",
  "A full read makes every value of every column one that can be used: an array of numbers, or of strings.",
  "Ours checks first that every value comes back as it is; the peers do not.",
];

/** A table of 10^6 rows and 10 columns, and as many nested records, to and from a file. */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (dir) => {
    const rows = [...(await measureTable(dir)), ...(await measureNested(dir))];
    return { name: "tables", rows, notes: NOTES };
  });
}

type Columns = { readonly [name: string]: Float64Array | Uint8Array | readonly string[] };

/**
 * Five measurements, two whole numbers, a flag, one of few texts, and one that is nearly never the
 * same.
 */
function makeColumns(): Columns {
  const numbers = (f: (i: number) => number): Float64Array => Float64Array.from({ length: ROWS }, (_, i) => f(i));
  return {
    id: numbers((i) => i),
    count: numbers((i) => (i * 7919) % 1000),
    x: numbers((i) => Math.sin(i)),
    y: numbers((i) => Math.cos(i)),
    z: numbers((i) => i / 3),
    weight: numbers((i) => Math.sqrt(i)),
    score: numbers((i) => Math.log1p(i)),
    valid: Uint8Array.from({ length: ROWS }, (_, i) => i & 1),
    city: Array.from({ length: ROWS }, (_, i) => `city ${(i * 31) % 50}`),
    label: Array.from({ length: ROWS }, (_, i) => `label ${i}`),
  };
}

async function measureTable(dir: string): Promise<BenchmarkRow[]> {
  const columns = makeColumns();
  return [...(await measureWrite(dir, columns)), ...(await measureRead(dir, sumOf(columns.score as Float64Array)))];
}

const persistTable = (make: () => ColumnTable) =>
  definePersistable({ name: "table", format: table({ columns: true }), memory: "shared", generate: make });

/** Writes the files that the next measurement reads. */
async function measureWrite(dir: string, columns: Columns): Promise<BenchmarkRow[]> {
  const ours = tableOf(columns);
  const format: Format<ColumnTable> = table({ columns: true });
  const arrow: Contender = {
    name: "peer",
    run: () => writeChunks(join(dir, "a.arrow"), [tableToIPC(arrowTable(columns), "file")]),
  };
  const encode = async (): Promise<number> => {
    await format.check(ours);
    return writeChunks(join(dir, "a.ptbl"), await format.encode(ours));
  };
  const generate = async (): Promise<number> =>
    (await persistTable(() => ours)({}, { dataDir: dir }).generate()).rowCount;
  const forget = (): void => rmSync(join(dir, "table"), { recursive: true, force: true });
  const written = await measureRounds([{ name: "ours", run: encode }, arrow], ONCE);
  const whole = await measureRounds([{ name: "ours", prepare: forget, run: generate }, arrow], ONCE);
  writeFileSync(join(dir, "a.parquet"), new Uint8Array(parquetWriteBuffer({ columnData: parquetColumns(columns) })));
  writeFileSync(join(dir, "a.csv"), csvOf(columns));
  return [
    rowOf("1e6 x 10 table, written", "ms", written.get("ours"), "apache-arrow IPC", written.get("peer"), 1.1),
    rowOf("… generated, persisted, synced", "ms", whole.get("ours"), "apache-arrow IPC", whole.get("peer")),
  ];
}

async function measureRead(dir: string, expected: number): Promise<BenchmarkRow[]> {
  const check = (scores: ArrayLike<unknown> | undefined): number => (sumOf(scores ?? []) === expected ? 1 : Number.NaN);
  const persisted = persistTable(() => {
    throw new Error("is there already");
  });
  const open = () => persisted({}, { dataDir: dir });
  const format: Format<ColumnTable> = table({ columns: true });
  const scoresOf = ({ columns }: ColumnTable) => columns.find(({ name }) => name === "score")?.values;
  const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
  const query = async (what: string): Promise<Record<string, unknown[]>> => {
    const reader = await duckdb.runAndReadAll(`SELECT ${what} FROM '${join(dir, "a.parquet")}'`);
    return reader.getColumnsObjectJS();
  };
  const parquet = async (columns?: string[]): Promise<unknown[]> => {
    const file = await asyncBufferFromFile(join(dir, "a.parquet"));
    const rows = await parquetReadObjects({ file, ...(columns === undefined ? {} : { columns }) });
    return rows.map(({ score }) => score);
  };
  const arrow = (): ArrowTable => tableFromIPC(readFileSync(join(dir, "a.arrow")));
  const full = await measureAll(
    {
      ours: async () => check(scoresOf(await format.decode(readFileSync(join(dir, "a.ptbl")), defaultDecodeLimits))),
      "ours, verified": async () => check(scoresOf(await open().load())),
      "apache-arrow": () => {
        const read = arrow();
        const arrays = new Map(read.schema.names.map((name) => [name, read.getChild(name)?.toArray()]));
        return check(arrays.get("score"));
      },
    },
    {
      hyparquet: async () => check(await parquet()),
      DuckDB: async () => check((await query("*")).score),
      "csv-parse": () => {
        const rows: { score: number }[] = parse(readFileSync(join(dir, "a.csv")), { columns: true, cast: true });
        return check(rows.map(({ score }) => score));
      },
    },
  );
  const one = await measureAll(
    {
      "ours, verified": async () => check(scoresOf(await readTable(open(), { columns: ["score"] }))),
      "apache-arrow": () => check(arrow().getChild("score")?.toArray()),
    },
    {
      hyparquet: async () => check(await parquet(["score"])),
      DuckDB: async () => check((await query("score")).score),
    },
  );
  duckdb.closeSync();
  return [
    fastestOf("1e6 x 10 table, read", full, "ours", 1 / 5),
    fastestOf("… loaded and verified", full, "ours, verified"),
    fastestOf("one column of it, verified", one, "ours, verified", 1 / 7),
  ];
}

type Runs = { readonly [name: string]: Contender["run"] };

/** The slow formats run less often. */
async function measureAll(fast: Runs, slow: Runs): Promise<ReadonlyMap<string, number>> {
  const contenders = (runs: Runs): Contender[] =>
    Object.entries(runs).map(([name, run]) => ({ name, run, prepare: collectGarbage }));
  return new Map([...(await measureRounds(contenders(fast), ONCE)), ...(await measureRounds(contenders(slow), SLOW))]);
}

/** Collects all garbage, so that one format does not slow down the next. */
function collectGarbage(): void {
  globalThis.gc?.();
}

function writeChunks(file: string, chunks: readonly Uint8Array[]): number {
  writeFileSync(file, "");
  for (const chunk of chunks) writeFileSync(file, chunk, { flag: "a" });
  return chunks.length;
}

function sumOf(values: ArrayLike<unknown>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}

function tableOf(columns: Columns): ColumnTable {
  const typeOf = (values: Columns[string]) => (values instanceof Float64Array ? "float64" : "boolean");
  const list = Object.entries(columns).map(
    ([name, values]) => ({ name, type: Array.isArray(values) ? "string" : typeOf(values), values }) as Column,
  );
  return new ColumnTable(list, ROWS);
}

function arrowTable(columns: Columns): ArrowTable {
  return new ArrowTable(
    Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [
        name,
        ArrayBuffer.isView(values)
          ? makeVector(values as Float64Array)
          : vectorFromArray(values, name === "city" ? new Dictionary(new Utf8(), new Int32()) : new Utf8()),
      ]),
    ) as never,
  );
}

function parquetColumns(columns: Columns) {
  return Object.entries(columns).map(([name, data]) => ({ name, data: Array.from<unknown>(data) }));
}

function csvOf(columns: Columns): string {
  const names = Object.keys(columns);
  const lines = [names.join(",")];
  for (let i = 0; i < ROWS; i++) lines.push(names.map((name) => columns[name]?.[i]).join(","));
  return lines.join("\n");
}

/** A record as an application has it: an event with a time, a place and some tags. */
function makeNested() {
  return Array.from({ length: ROWS }, (_, i) => ({
    id: i,
    user: `user ${i}`,
    score: i / 3,
    ok: i % 2 === 0,
    city: `city ${i % 50}`,
    at: new Date(1.7e12 + i * 1000),
    geo: { lat: i / 7, lon: -i / 9 },
    tags: [`a${i % 9}`, `b${i % 5}`],
  }));
}

async function measureNested(dir: string): Promise<BenchmarkRow[]> {
  const format: Format<object[]> = table();
  const packr = new Packr();
  const ours = join(dir, "nested.ptbl");
  const peer = join(dir, "nested.msgpack");
  const saved = await measureNestedWrite(makeNested(), format, packr, ours, peer);
  const check = (loaded: readonly object[]): number =>
    loaded.length === ROWS && (loaded[12_345] as { score?: number }).score === 12_345 / 3 ? 1 : Number.NaN;
  const loaded = await measureAll(
    {
      ours: async () => check(await format.decode(readFileSync(ours), defaultDecodeLimits)),
      peer: () => check(packr.unpack(readFileSync(peer)) as object[]),
    },
    {},
  );
  return [
    rowOf("1e6 nested records, written", "ms", saved.get("ours"), "msgpackr", saved.get("peer"), 0.5),
    rowOf("1e6 nested records, read", "ms", loaded.get("ours"), "msgpackr", loaded.get("peer"), 0.6),
  ];
}

function measureNestedWrite(rows: object[], format: Format<object[]>, packr: Packr, ours: string, peer: string) {
  return measureAll(
    {
      ours: async () => {
        await format.check(rows);
        return writeChunks(ours, await format.encode(rows));
      },
      peer: () => writeChunks(peer, [packr.pack(rows)]),
    },
    {},
  );
}

/** Compares with the fastest peer. */
function fastestOf(name: string, measured: ReadonlyMap<string, number>, own: string, goal?: number): BenchmarkRow {
  const peers = [...measured].filter(([peer]) => !peer.startsWith("ours")).toSorted(([, a], [, b]) => a - b);
  const [peer = "", peerUs] = peers[0] ?? [];
  const others = peers.map(([other, us]) => `${other} ${Math.round(us / 1000)}`).join(", ");
  return rowOf(`${name} (${others} ms)`, "ms", measured.get(own), peer, peerUs, goal);
}
