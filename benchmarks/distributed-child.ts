import { availableParallelism } from "node:os";
import { Queue, QueueEvents, Worker } from "bullmq";
import { type AnyPersistable, definePersistable, typedParams } from "persistable-ts";
import { bullmq } from "persistable-ts/engines/bullmq";
import { run } from "persistable-ts/pipeline";
import type { ServedJob } from "../src/engine/engine.ts";
import { queueName } from "../src/engine/queue-name.ts";
import { generateNodes } from "../src/serving/generate-nodes.ts";
import { openStore } from "../src/store/open/open-store.ts";

/** The part that this process plays, its server, its folder, and how many nodes there are. */
const { BENCHMARK_PART: part = "", BENCHMARK_URL: url = "", BENCHMARK_DIR: dataDir = "" } = process.env;
const NODES = Number(process.env.BENCHMARK_NODES ?? 0);
const SLOTS = 8;
const CODE = "benchmark";

// The workers of the command find the definitions here.
export const source = definePersistable({
  name: "source",
  params: typedParams<{ i: number }>(),
  generate: ({ params }) => params.i,
});
export const side = definePersistable({
  name: "side",
  params: typedParams<{ by: number }>(),
  dependencies: { source },
  generate: async ({ params, dependencies }) => params.by * (await dependencies.source.payload),
});
export const sum = definePersistable({
  name: "sum",
  params: typedParams<{ i: number }>(),
  dependencies: { left: side, right: side },
  generate: async ({ dependencies }) => (await dependencies.left.payload) + (await dependencies.right.payload),
});

const targets = () =>
  Array.from({ length: NODES / 4 }, (_, i) => {
    const of = source({ i }, { dataDir, log: false });
    return sum({ i, left: side({ by: 2, source: of }), right: side({ by: 3, source: of }) }, { dataDir, log: false });
  });

const parts: Readonly<Record<string, () => Promise<void>>> = {
  alone: () => generate(availableParallelism()),
  beside: () => generate(1),
  coordinator: () => generate(undefined),
  chain: () => {
    let last: AnyPersistable = source({ i: 0 }, { dataDir, log: false });
    for (let i = 1; i < NODES; i++) last = side({ by: i, source: last as never }, { dataDir, log: false });
    return generate(undefined, [last]);
  },
  "no-op worker": () => work(SLOTS),
  "wide worker": () => work(1000),
  "bare jobs": async () => {
    const connection = { url };
    const queue = new Queue("bare", { connection });
    const events = new QueueEvents("bare", { connection, lastEventId: "0-0" });
    await events.waitUntilReady();
    let resolve = (): void => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    let done = 0;
    events.on("completed", () => {
      if (++done === NODES) resolve();
    });
    const data = { text: "x".repeat(500) };
    await Promise.all(
      Array.from({ length: NODES }, (_, i) => queue.add("job", data, { jobId: `job-${i}`, removeOnComplete: true })),
    );
    if (NODES > 0) await promise;
    await Promise.all([queue.close(), events.close()]);
  },
  "bare worker": async () => {
    const worker = new Worker("bare", async () => null, { connection: { url }, concurrency: SLOTS });
    await worker.waitUntilReady();
    await untilTold();
    await worker.close();
  },
};

/** A worker that does nothing with its jobs. */
async function work(slots: number): Promise<void> {
  const done = async () => ({ kind: "done", result: { generation: { durationMs: 0 } } }) as const;
  const queue = await queueName(CODE, openStore(dataDir));
  const handle = (job: ServedJob) => generateNodes(job, done);
  const server = await bullmq(url).serve(queue, { slots, onProblem: () => {}, handle });
  await untilTold();
  await server.drain();
}

async function generate(
  concurrency: number | undefined,
  planned: readonly AnyPersistable[] = targets(),
): Promise<void> {
  const [before, beganMs] = [process.cpuUsage(), performance.now()];
  await run(planned, concurrency === undefined ? { on: bullmq(url, { code: CODE }) } : { concurrency });
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ cpuUs: user + system, elapsedMs: performance.now() - beganMs }));
}

async function untilTold(): Promise<void> {
  console.error("Waits for jobs");
  await new Promise((resolve) => process.once("SIGTERM", resolve));
}

await parts[part]?.();
