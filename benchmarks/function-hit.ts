import { join } from "node:path";
import { definePersistable, fileStore, json, persistFunction, typedParams } from "persistable-ts";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { type SmallPayload, smallPayload, weigh } from "./small-payload.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const CALLS = 100;
const SIZE_BYTES = 400;

/**
 * A hit of a persisted function, against one of a definition whose params are the same arguments.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const [what, options] of [
    ["two primitives", "small"] as const,
    ["a text and options", { model: "small", topK: 3 }] as const,
  ])
    rows.push(await withTemporaryFolder((dir) => compare(dir, what, options)));
  return { name: "function-hit", rows };
}

async function compare(dir: string, what: string, options: unknown): Promise<BenchmarkRow> {
  const dataDir = fileStore(join(dir, "data"));
  const definition = definePersistable({
    name: "defined",
    params: typedParams<{ 0: number; 1: unknown }>(),
    generate: ({ params }) => smallPayload(params[0], SIZE_BYTES),
    format: json(),
  });
  const fn = persistFunction(async (i: number, _options: unknown) => smallPayload(i, SIZE_BYTES), {
    name: "called",
    dataDir,
    format: json(),
  });
  const contenders = [
    hitting("persistFunction", (i) => fn(i, options)),
    hitting("definition", (i) => definition({ 0: i, 1: options }, { dataDir }).payload),
  ];
  const times = await measureRounds(contenders, { batchSize: CALLS, rounds: 61, warmUpRounds: 15 });
  const [ours = Number.NaN, peerValue = Number.NaN] = contenders.map(({ name }) => times.get(name));
  return { case: what, ours, unit: "us", peer: "the definition", peerValue, ratio: ours / peerValue, goal: 1.1 };
}

function hitting(name: string, get: (i: number) => Promise<SmallPayload>): Contender {
  return {
    name,
    async run() {
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += weigh(await get(i));
      return sum;
    },
  };
}
