import { afterAll, describe, expect, test } from "vitest";
import type { JobEnding, ServedJob } from "../../src/engine/engine.ts";
import type { JobMessage } from "../../src/engine/job-message.ts";
import { queueName } from "../../src/engine/queue-name.ts";
import { bullmq } from "../../src/entry/engines/bullmq.ts";
import { definePersistable, typedParams } from "../../src/entry/index.ts";
import { run } from "../../src/entry/pipeline.ts";
import { generateNodes } from "../../src/serving/generate-nodes.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { redis as kind } from "../support/servers/redis.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** 60,000 in a full run. */
const NODES = Number(process.env.PERSISTABLE_TEST_QUEUE_NODES ?? 1000);

const redis = kind.isInstalled() ? await kind.start() : undefined;
afterAll(() => redis?.close());

const source = definePersistable({ name: "source", params: typedParams<{ i: number }>(), generate: () => 1 });
const mid = definePersistable({
  name: "mid",
  params: typedParams<{ side: number }>(),
  dependencies: { source },
  generate: () => 2,
});
const top = definePersistable({
  name: "top",
  params: typedParams<{ i: number }>(),
  dependencies: { left: mid, right: mid },
  generate: () => 3,
});

describe.skipIf(redis === undefined)("a run on BullMQ and Redis with very many nodes", () => {
  test("hands out each node once, after those that it is made from", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.path;
    const engine = bullmq(redis?.url ?? "", { code: "many" });
    const targets = Array.from({ length: NODES / 4 }, (_, i) => {
      const [left, right] = [1, 2].map((side) => ({ side, source: { i } }));
      return top({ i, left, right } as never, { dataDir });
    });
    const ended = new Set<string>();
    const [twice, early]: [string[], string[]] = [[], []];
    const generate = async ({ data }: ServedJob): Promise<JobEnding> => {
      const { address: id, rows = [] } = data as unknown as JobMessage;
      const row = rows.find(({ address }) => address === id);
      if (ended.has(id)) twice.push(id);
      if (Object.values(row?.roles ?? {}).some((upstream) => !ended.has(upstream))) early.push(id);
      ended.add(id);
      return { kind: "done", result: { generation: { durationMs: 0 } } };
    };
    // It does nothing, so that only the queue and the run are tried.
    const server = await engine.serve(await queueName("many", fileStore(dataDir)), {
      slots: 50,
      onProblem: () => {},
      handle: (job) => generateNodes(job, generate),
    });
    try {
      const result = await run(targets, { on: engine });
      expect(result).toMatchObject({ state: "completed", generated: NODES, hits: 0, failed: 0 });
      expect(ended.size).toBe(NODES);
      expect([twice, early]).toEqual([[], []]);
    } finally {
      await server.close();
    }
  });
});
