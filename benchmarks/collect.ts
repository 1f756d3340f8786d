import { readFileSync } from "node:fs";
import { join } from "node:path";
import { definePersistable, fileStore, typedParams } from "persistable-ts";
import { collect, sweep } from "persistable-ts/pipeline";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { measuredRow } from "./row-of.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const COUNT = 10_000;
const OPTIONS = { batchSize: COUNT, rounds: 7, warmUpRounds: 2 };
/**
 * We believe a record after we have derived its checksum and its address again; the peer believes
 * everything.
 */
const MAX_RATIO = 4;

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; randomState: number }>(),
  generate: () => 1,
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number }>(),
  dependencies: { points },
  generate: ({ params }) => ({ mean: params.zThreshold }),
  summarize: ({ mean }) => ({ mean }),
});

/**
 * Records into a table, against reading and parsing the same files without a look at what they say.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (folder) => {
    const dataDir = fileStore(folder, { durable: false });
    const study = sweep(
      estimator,
      { zThreshold: Array.from({ length: COUNT }, (_, i) => i), points: { n: 10, randomState: 7 } },
      { dataDir },
    );
    const targets = [...study];
    for (const target of targets) await target.payload;
    const files = targets.map(({ address }) => join(folder, "estimator", `${address}.json`));
    const table = await collect(targets);
    const rows: BenchmarkRow[] = [await measureCollect(targets, files), ...(await measureWriting(table, files.length))];
    return {
      name: "collect",
      rows,
      notes: ["The peers neither check checksums and addresses nor make rows; JSON.stringify writes the same rows."],
    };
  });
}

async function measureCollect(
  targets: readonly ReturnType<typeof estimator>[],
  files: readonly string[],
): Promise<BenchmarkRow> {
  const ours: Contender = {
    name: "collect",
    async run() {
      const { rows } = await collect(targets);
      return rows.reduce((sum, row) => sum + (row["summary.mean"] ?? Number.NaN), 0);
    },
  };
  const bare: Contender = {
    name: "readFileSync + JSON.parse",
    run() {
      return files.reduce((sum, file) => {
        const record = JSON.parse(readFileSync(file, "utf8")) as { readonly summary: { readonly mean: number } };
        return sum + record.summary.mean;
      }, 0);
    },
  };
  const times = await measureRounds([ours, bare], OPTIONS);
  return { ...measuredRow(`${COUNT} records into a table, each`, times, "collect", bare.name), goal: MAX_RATIO };
}

interface Written {
  readonly rows: readonly object[];
  toCsv(): string;
  toJson(): string;
  toArrow(): Promise<Uint8Array>;
}

async function measureWriting(table: Written, count: number): Promise<readonly BenchmarkRow[]> {
  const times = await measureRounds(
    [
      { name: "stringify", run: () => JSON.stringify(table.rows).length },
      { name: "CSV", run: () => table.toCsv().length },
      { name: "JSON", run: () => table.toJson().length },
      { name: "Arrow", run: async () => (await table.toArrow()).length },
    ],
    { ...OPTIONS, batchSize: count },
  );
  const peerValue = times.get("stringify") as number;
  return ["CSV", "JSON", "Arrow"].map((format) => {
    const ours = times.get(format) as number;
    return {
      case: `${count} rows to ${format}, each`,
      ours,
      unit: "us",
      peer: "JSON.stringify",
      peerValue,
      ratio: ours / peerValue,
    };
  });
}
