import { definePersistable, json, memoryStore, typedParams } from "persistable-ts";
import { run } from "persistable-ts/pipeline";
import type { BenchmarkReport } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { smallPayload } from "./small-payload.ts";

const PAYLOAD_BYTES = 400;
const ROUNDS = { batchSize: 500, rounds: 15, warmUpRounds: 3 };

/**
 * Measures what the library itself takes to generate and persist a small payload, without any disk:
 * asked for one by one, and as the nodes of one run.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const define = () =>
    definePersistable({
      name: "reviews",
      params: typedParams<{ index: number }>(),
      generate: ({ params }) => smallPayload(params.index, PAYLOAD_BYTES),
      format: json(),
    });
  const targets = () => {
    const reviews = define();
    const dataDir = memoryStore();
    return Array.from({ length: ROUNDS.batchSize }, (_, index) => reviews({ index }, { dataDir }));
  };
  const asking: Contender = {
    name: "asked for one by one",
    async run() {
      for (const reviews of targets()) await reviews.payload;
      return ROUNDS.batchSize;
    },
  };
  const running: Contender = {
    name: "nodes of one run",
    async run() {
      await run(targets());
      return ROUNDS.batchSize;
    },
  };
  const bare: Contender = {
    name: "JSON in a Map",
    async run() {
      const texts = new Map<number, string>();
      for (let index = 0; index < ROUNDS.batchSize; index++)
        texts.set(index, await Promise.resolve(JSON.stringify(smallPayload(index, PAYLOAD_BYTES))));
      return texts.size;
    },
  };
  const times = await measureRounds([asking, running, bare], ROUNDS);
  const peerValue = times.get(bare.name) ?? Number.NaN;
  return {
    name: "memory-miss",
    rows: [asking, running].map(({ name }) => {
      const ours = times.get(name) ?? Number.NaN;
      return {
        case: `${PAYLOAD_BYTES} B, ${name}`,
        ours,
        unit: "us",
        peer: bare.name,
        peerValue,
        ratio: ours / peerValue,
      };
    }),
    notes: ["the library writes a record with its provenance, holds a lease and verifies; a Map does nothing of that"],
  };
}
