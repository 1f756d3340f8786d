// Draws a run in the terminal: `node display-demo-child.js '{"nodes":300,"workMs":400}'`. For
// looking at it, and for the test of the display.

import { openDisplay } from "../../src/entry/display.ts";
import { definePersistable, memoryStore, typedParams } from "../../src/entry/index.ts";
import { RunFailedError, run } from "../../src/entry/pipeline.ts";

export interface DisplayDemoInput {
  readonly nodes: number;
  readonly workMs: number;
  readonly color?: boolean;
}

const input = JSON.parse(process.argv[2] ?? '{"nodes":3,"workMs":1500}') as DisplayDemoInput;
const dataDir = memoryStore();

const corpus = definePersistable({
  name: "corpus",
  params: typedParams<{ pages: number }>(),
  generate: async ({ params, progress }) => work(params.pages, progress, "downloading"),
});
const embeddings = definePersistable({
  name: "embeddings_模型",
  params: typedParams<{ model: string; dimensions: number }>(),
  dependencies: { corpus },
  retries: { retries: 1, minDelayMs: 200 },
  generate: async ({ params, dependencies, progress, cost }) => {
    await dependencies.corpus.payload;
    if (params.dimensions % 50 === 49) throw new Error(`the model has no ${params.dimensions} dimensions\nsecond line`);
    cost({ usd: 0.002, tokens: 150 });
    return work(params.dimensions, progress, undefined);
  },
});

async function work(
  size: number,
  progress: (done: number, total?: number, note?: string) => void,
  note: string | undefined,
): Promise<number> {
  const steps = 10;
  for (let step = 0; step <= steps; step++) {
    progress(step, steps, note && `${note} page ${step * size}`);
    await new Promise((resolve) => setTimeout(resolve, input.workMs / steps));
  }
  return size;
}

const count = Math.max(1, input.nodes - 1);
const targets = Array.from({ length: count }, (_, i) =>
  embeddings({ model: "tiny", dimensions: i, corpus: { pages: 12 } }, { dataDir }),
);
const display = await openDisplay(input.color === undefined ? {} : { color: input.color });
await run(targets, { concurrency: 40, keepGoing: "independent", onEvent: display.onEvent }).catch((error: unknown) => {
  if (!(error instanceof RunFailedError)) throw error;
});
