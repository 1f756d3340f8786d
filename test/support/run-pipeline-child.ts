// A process that runs a pipeline of layers on a shared data directory; each generation is noted in
// a file that processes append to.
import { appendFileSync } from "node:fs";
import { definePersistable, fileStore, typedParams } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";

export interface RunPipelineInput {
  readonly dataDir: string;
  /** One line for each generator that has finished: `<layer> <i>`. */
  readonly generatedFile: string;
  readonly layers: number;
  readonly width: number;
  readonly concurrency: number;
  /** How long a generator takes, in milliseconds; never ends where it is Infinity. */
  readonly workMs: number;
}

export type RunPipelineLine =
  | { readonly is: "started" }
  | { readonly is: "completed"; readonly generated: number; readonly hits: number };

const input = JSON.parse(process.argv[2] ?? "", (_, value: unknown) =>
  value === null ? Number.POSITIVE_INFINITY : value,
) as RunPipelineInput;

const first = definePersistable({
  name: "first",
  params: typedParams<{ i: number }>(),
  generate: async ({ params, signal, workDir }) => work(0, params.i, signal, workDir),
});

const later = definePersistable({
  name: "later",
  params: typedParams<{ layer: number; i: number }>(),
  dependencies: { left: first, right: first } as never,
  generate: async ({ params, dependencies, signal, workDir }) => {
    const { left, right } = dependencies as unknown as Record<"left" | "right", { readonly payload: Promise<number> }>;
    return (await left.payload) + (await right.payload) + (await work(params.layer, params.i, signal, workDir));
  },
});

async function work(layer: number, i: number, signal: AbortSignal, workDir: string): Promise<number> {
  appendFileSync(`${workDir}/scratch`, "x");
  if (input.workMs === Number.POSITIVE_INFINITY) {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
  await new Promise((resolve) => setTimeout(resolve, input.workMs * Math.random()));
  appendFileSync(input.generatedFile, `${layer} ${i}\n`);
  return 1;
}

function tell(line: RunPipelineLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const dataDir = fileStore(input.dataDir, { durable: false });
let layer: unknown[] = Array.from({ length: input.width }, (_, i) => first({ i }, { dataDir }));
for (let number = 1; number < input.layers; number++) {
  const before = layer;
  layer = before.map((left, i) =>
    (later as unknown as (tree: object, options: object) => unknown)(
      { layer: number, i, left, right: before[(i + 1) % input.width] },
      { dataDir },
    ),
  );
}
let hasStarted = false;
const { generated, hits } = await run(layer as never, {
  concurrency: input.concurrency,
  onEvent: ({ type }) => {
    if (type === "started" && !hasStarted) {
      hasStarted = true;
      tell({ is: "started" });
    }
  },
});
tell({ is: "completed", generated, hits });
