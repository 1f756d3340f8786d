import { existsSync } from "node:fs";
import { join } from "node:path";
import { definePersistable, fileStore, json, typedParams } from "persistable-ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { measuredRow } from "./row-of.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const FOLDERS = [1000, 10_000, ...(process.env.BENCHMARK_HUGE === undefined ? [] : [100_000])];
const BATCH = 20;
const ROUNDS = { batchSize: BATCH, rounds: 21, warmUpRounds: 3 };
/** Reads all records again each time. */
const COLD = { batchSize: 1, rounds: 5, warmUpRounds: 1 };

const reviews = definePersistable({
  name: "reviews",
  params: typedParams<{ dataset: string; index: number; rate: number }>(),
  generate: ({ params }) => ({ id: params.index }),
  format: json(),
});

/** Measures what it costs to ask for artifacts that are not there, in folders of many. */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const count of FOLDERS) rows.push(...(await withTemporaryFolder((dir) => missesAmong(dir, count))));
  return { name: "misses", rows, notes: ["A new store knows no records; the others know those of earlier calls."] };
}

async function missesAmong(dir: string, count: number): Promise<readonly BenchmarkRow[]> {
  const dataDir = fileStore(dir, { durable: false });
  for (let index = 0; index < count; index++) {
    const one = reviews({ dataset: "reviews", index, rate: 0 }, { dataDir });
    await one.generate({ persist: false });
    await one.persist();
  }
  let rate = 0;
  const missing = (store = dataDir) => reviews({ dataset: "reviews", index: 7, rate: ++rate }, { dataDir: store });
  const asking = (name: string, ask: () => Promise<unknown>, batchSize = BATCH): Contender => ({
    name,
    async run() {
      for (let i = 0; i < batchSize; i++) await ask();
      return rate;
    },
  });
  const bare: Contender = {
    name: "existsSync",
    run() {
      for (let i = 0; i < BATCH; i++) if (existsSync(join(dir, "reviews", `${++rate}.json`))) return Number.NaN;
      return rate;
    },
  };
  const asked = [
    asking("isPersisted()", () => missing().isPersisted()),
    asking("explain()", () => missing().explain()),
    asking("load()", () =>
      missing()
        .load()
        .catch(() => {}),
    ),
  ];
  const cold = asking("explain() by a new store", () => missing(fileStore(dir)).explain(), 1);
  const times = await measureRounds([...asked, bare], ROUNDS);
  const coldTimes = await measureRounds([cold, { ...bare, name: "existsSync" }], COLD);
  return [
    ...asked.map(({ name }) => measuredRow(`${name}, among ${count}`, times, name, bare.name)),
    measuredRow(`${cold.name}, among ${count}`, coldTimes, cold.name, bare.name),
  ];
}
