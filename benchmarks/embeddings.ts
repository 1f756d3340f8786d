import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { defaultDecodeLimits, type Format } from "persistable-ts";
import { arrow } from "persistable-ts/formats/arrow";
import { parquet } from "persistable-ts/formats/parquet";
import type { BenchmarkReport } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { rowOf } from "./row-of.ts";

const ROWS = 5000;
const NUMBERS = 768;
const ONCE = { batchSize: 1, rounds: 5, warmUpRounds: 2 };
const NOTES = [
  "In memory, without a file. Ours checks first that every value comes back as it is; hyparquet-writer does not.",
  "hyparquet-writer is handed arrays of numbers, which it takes; making them is not timed.",
];

/** Rows with an embedding each, to and from Parquet. */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows = Array.from({ length: ROWS }, (_, id) => ({
    id,
    embedding: Float32Array.from({ length: NUMBERS }, (_, i) => Math.sin(id * NUMBERS + i)),
  }));
  const plain = parquet({ rows: true, codec: "uncompressed" });
  const data = [
    { name: "id", data: rows.map(({ id }) => id) },
    { name: "embedding", data: rows.map(({ embedding }) => Array.from(embedding)) },
  ];
  const theirs = (): number => parquetWriteBuffer({ columnData: data, codec: "UNCOMPRESSED" }).byteLength;
  const written = await measureRounds(
    [
      { name: "parquet", run: () => encode(plain, rows) },
      { name: "snappy", run: () => encode(parquet({ rows: true }), rows) },
      { name: "arrow", run: () => encode(arrow({ rows: true }), rows) },
      { name: "hyparquet-writer", run: theirs },
    ],
    ONCE,
  );
  const chunks = Buffer.concat(await plain.encode(rows));
  const bytes = new Uint8Array(chunks).buffer;
  const read = await measureRounds(
    [
      { name: "parquet", run: async () => check(await plain.decode(new Uint8Array(bytes), defaultDecodeLimits)) },
      { name: "hyparquet", run: async () => check(await parquetReadObjects({ file: bytes })) },
    ] satisfies Contender[],
    ONCE,
  );
  const what = `${ROWS} embeddings of ${NUMBERS}`;
  return {
    name: "embeddings",
    rows: [
      rowOf(
        `${what}, written as Parquet`,
        "ms",
        written.get("parquet"),
        "hyparquet-writer",
        written.get("hyparquet-writer"),
        0.2,
      ),
      rowOf("… beside our arrow()", "ms", written.get("parquet"), "arrow", written.get("arrow"), 2),
      rowOf("… compressed by snappy, beside arrow()", "ms", written.get("snappy"), "arrow", written.get("arrow")),
      rowOf(`${what}, read from Parquet`, "ms", read.get("parquet"), "hyparquet", read.get("hyparquet"), 1),
    ],
    notes: NOTES,
  };
}

type Rows = readonly { readonly id: number; readonly embedding: Float32Array }[];

async function encode(format: Format<readonly object[]>, rows: Rows): Promise<number> {
  await format.check(rows);
  return (await format.encode(rows)).reduce((sum, { length }) => sum + length, 0);
}

function check(rows: readonly object[]): number {
  const { embedding } = rows[ROWS - 1] as Rows[number];
  return embedding.length === NUMBERS ? (embedding[1] ?? Number.NaN) : Number.NaN;
}
