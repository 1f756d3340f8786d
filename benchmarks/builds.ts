import { definePersistable, memoryStore, typedParams } from "persistable-ts";
import type { BenchmarkReport } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { measuredRow } from "./row-of.ts";

const BATCH = 1000;
const ROUNDS = { batchSize: BATCH, rounds: 41, warmUpRounds: 15 };
const FLAT = "8 fields";

/** Building a persistable, its address included, by the form of its params. */
export async function benchmark(): Promise<BenchmarkReport> {
  const others = [
    building("9 fields", (i) => fields(9, i)),
    building("16 fields", (i) => fields(16, i)),
    building("5 fields, one of them an object of 3", (i) => ({ ...fields(4, i), nested: fields(3, i) })),
    building("5 fields, one of them a list of 4 numbers", (i) => ({ ...fields(4, i), list: [i, i + 1, 2, 3] })),
  ];
  const times = await measureRounds([building(FLAT, (i) => fields(8, i)), ...others], ROUNDS);
  return { name: "builds", rows: others.map(({ name }) => measuredRow(name, times, name, FLAT, 1.3)) };
}

function building(name: string, paramsAt: (i: number) => Readonly<Record<string, unknown>>): Contender {
  const define = definePersistable({
    name: "estimator",
    params: typedParams<Readonly<Record<string, unknown>>>(),
    generate: () => 1,
  });
  const dataDir = memoryStore();
  const all = Array.from({ length: BATCH }, (_, i) => paramsAt(i));
  return {
    name,
    run() {
      let length = 0;
      for (const params of all) length += define(params, { dataDir }).address.length;
      return length;
    },
  };
}

/** Numbers, and a short text in each third place. */
function fields(count: number, seed: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`field${i}`, i % 3 === 2 ? `m${100 + (seed % 900)}` : seed + i / 8]),
  );
}
