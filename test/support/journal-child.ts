// A process that runs two nodes. The second one waits for a line on the standard input.
import { once } from "node:events";
import { definePersistable, fileStore, typedParams } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";

const { dataDir } = JSON.parse(process.argv[2] ?? "") as { readonly dataDir: string };

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n,
});

const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number }>(),
  dependencies: { points },
  generate: async ({ dependencies, progress }) => {
    progress(1, 2);
    await once(process.stdin, "data");
    return dependencies.points.payload;
  },
});

await run(estimator({ zThreshold: 2, points: { n: 3 } }, { dataDir: fileStore(dataDir, { durable: false }) }));
process.stdin.destroy();
