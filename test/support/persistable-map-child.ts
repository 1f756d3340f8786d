// A process that loads items in batches until it is killed, and tells how many are durable.
import { writeSync } from "node:fs";
import { persistableMap } from "../../src/entry/pipeline.ts";

export interface MapChildInput {
  readonly dataDir: string;
  readonly first: number;
  readonly count: number;
  readonly batchSize: number;
}

export interface MapChildLine {
  /** The number of items, from the first, that are persisted. */
  readonly done: number;
}

const input = JSON.parse(process.argv[2] ?? "") as MapChildInput;
const map = persistableMap({
  name: "killed",
  item: (i: number) => i,
  batchSize: input.batchSize,
  generateBatch: ({ items }) => items.map((i) => `payload ${i}`),
});

for (let count = input.batchSize; count <= input.count; count += input.batchSize) {
  await map({}, { dataDir: input.dataDir }).load(Array.from({ length: count }, (_, i) => input.first + i));
  writeSync(1, `${JSON.stringify({ done: count } satisfies MapChildLine)}\n`);
}
// The loop runs until the process is killed.
setInterval(() => {}, 1000);
