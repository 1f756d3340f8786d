import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { definePersistable, json, typedParams } from "persistable-ts";
import { run } from "persistable-ts/pipeline";
import type { BenchmarkReport } from "./benchmark.ts";
import { type Contender, measureRounds } from "./measure-rounds.ts";
import { measuredRow } from "./row-of.ts";
import { smallPayload } from "./small-payload.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const PAYLOAD_BYTES = 400;
const ROUNDS = { batchSize: 1000, rounds: 7, warmUpRounds: 2 };

const reviews = definePersistable({
  name: "reviews",
  params: typedParams<{ index: number }>(),
  generate: ({ params }) => smallPayload(params.index, PAYLOAD_BYTES),
  format: json(),
});

/** Measures a run of many nodes that take no time themselves, in a folder and 4 at a time. */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (dir) => {
    let folders = 0;
    const ours: Contender = {
      name: "run",
      async run() {
        const dataDir = join(dir, `run-${folders++}`);
        const nodes = Array.from({ length: ROUNDS.batchSize }, (_, index) => reviews({ index }, { dataDir }));
        await run(nodes, { concurrency: 4 });
        return nodes.length;
      },
    };
    const bare: Contender = {
      name: "writeFileSync + renameSync",
      run() {
        const folder = join(dir, `bare-${folders++}`);
        mkdirSync(folder);
        for (let index = 0; index < ROUNDS.batchSize; index++) {
          const file = join(folder, `${index}.json`);
          writeFileSync(`${file}.tmp`, JSON.stringify(smallPayload(index, PAYLOAD_BYTES)));
          renameSync(`${file}.tmp`, file);
        }
        return ROUNDS.batchSize;
      },
    };
    const times = await measureRounds([ours, bare], ROUNDS);
    return {
      name: "tiny-nodes",
      rows: [
        measuredRow(`a run of ${ROUNDS.batchSize} nodes of ${PAYLOAD_BYTES} B, 4 at a time`, times, "run", bare.name),
      ],
      notes: [
        "A node also takes a lease, a record, lines in the log and in the record of the run; a bare file has none.",
      ],
    };
  });
}
