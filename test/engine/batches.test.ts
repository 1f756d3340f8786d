import { afterAll, describe, expect, test } from "vitest";
import type { JobEnding, ServedJob } from "../../src/engine/engine.ts";
import { errorToJson } from "../../src/engine/json-error.ts";
import { queueName } from "../../src/engine/queue-name.ts";
import { bullmq } from "../../src/entry/engines/bullmq.ts";
import { definePersistable, typedParams } from "../../src/entry/index.ts";
import { type RunEvent, type RunOptions, run } from "../../src/entry/pipeline.ts";
import { generateNodes } from "../../src/serving/generate-nodes.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import { redis as kind } from "../support/servers/redis.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const redis = kind.isInstalled() ? await kind.start() : undefined;
afterAll(() => redis?.close());

const tiny = definePersistable({ name: "tiny", params: typedParams<{ i: number }>(), generate: () => 1 });
const rated = definePersistable({
  name: "rated",
  params: typedParams<{ i: number }>(),
  pools: { api: 1 },
  generate: () => 1,
});
const generated: JobEnding = { kind: "done", result: { generation: { durationMs: 0 } } };

/** A job of one node, with the number of the node. */
interface NodeJob extends ServedJob {
  readonly i: number;
}

/** A queue and a store of their own, and workers that do nothing but what the test says. */
class Rig {
  readonly jobs: string[] = [];
  /** The numbers of the nodes that workers have begun. */
  readonly begun: number[] = [];
  readonly #dataDir: string;
  readonly #engine = bullmq(redis?.url ?? "", { code: "batches", lockMs: 1000 });

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async worker(generate: (job: NodeJob) => JobEnding | Promise<JobEnding> = () => generated, pool = "") {
    const queue = await queueName("batches", fileStore(this.#dataDir));
    return this.#engine.serve(`${queue}${pool}`, {
      slots: 1,
      onProblem: () => {},
      handle: (job) => {
        this.jobs.push(job.id);
        return generateNodes(job, async (one) => {
          const i = (one.data as { rows?: { params: { i: number } }[] }).rows?.[0]?.params.i ?? -1;
          this.begun.push(i);
          return generate({ ...one, i });
        });
      },
    });
  }

  run(count: number, options: RunOptions = {}, of: typeof tiny = tiny) {
    const targets = Array.from({ length: count }, (_, i) => of({ i }, { dataDir: this.#dataDir, log: false }));
    return run(targets, { on: this.#engine, ...options });
  }
}

async function withRig(use: (rig: Rig) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await use(new Rig(folder.path));
}

/** A promise, and the function that resolves it. */
function open<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe.skipIf(redis === undefined)("tiny nodes in common jobs", { concurrent: true }, () => {
  test("have events of their own, with the worker's name, and one result each", () =>
    withRig(async (rig) => {
      const worker = await rig.worker(({ i, tell }) => {
        tell({ event: { type: "started", name: "tiny", worker: `host:${i}` } });
        return generated;
      });
      const events: RunEvent[] = [];
      const result = await rig.run(30, { onEvent: (event) => events.push(event) });
      await worker.drain();
      expect(result).toMatchObject({ generated: 30, failed: 0 });
      expect(rig.jobs.length).toBe(2);
      expect(rig.begun).toEqual(upTo(30));
      const started = events.filter((event) => event.type === "started");
      expect(started.map(({ index, worker }) => `${worker} ${index}`)).toEqual(upTo(30).map((i) => `host:${i} ${i}`));
      expect(events.filter(({ type }) => type === "generated").length).toBe(30);
    }));

  test("fail alone, and are tried again alone", () =>
    withRig(async (rig) => {
      const error = errorToJson(new RangeError("planned"), undefined);
      const worker = await rig.worker(({ i }) => (i % 4 === 1 ? { kind: "failed", error, message: "" } : generated));
      const options = { keepGoing: "independent", retries: { retries: 1, minDelayMs: 1 } } as const;
      const failed = await rig.run(8, options).catch(({ result }) => result);
      await worker.drain();
      expect(failed).toMatchObject({ generated: 6, failed: 2 });
      expect(failed.failures[0].error).toMatchObject({ name: "RangeError", message: "planned" });
      expect(rig.jobs.length).toBe(3);
      expect(rig.begun.slice(8).sort()).toEqual([1, 5]);
    }));

  test("go to other workers one by one when their worker is lost, and what was done is not lost", () =>
    withRig(async (rig) => {
      const [lost, other] = [open<void>(), open<JobEnding>()];
      const first = await rig.worker(({ i }) => {
        if (i !== 2) return generated;
        lost.resolve();
        return other.promise;
      });
      const running = rig.run(5);
      await lost.promise;
      await first.close();
      const second = await rig.worker();
      expect(await running).toMatchObject({ generated: 5, failed: 0 });
      await second.drain();
      // A real worker looks into the store, and finds the first two there.
      expect(rig.begun.slice(0, 3)).toEqual([0, 1, 2]);
      expect(rig.begun.slice(3).sort()).toEqual([0, 1, 2, 3, 4]);
      expect(rig.jobs.length).toBe(1 + 1 + 5);
    }));

  test("do not wait behind one that takes long", () =>
    withRig(async (rig) => {
      const others = open<JobEnding>();
      const held = (i: number) => (i === 0 ? others.promise : generated);
      const workers = [await rig.worker(({ i }) => held(i))];
      const running = rig.run(10, {
        onEvent: ({ type, index = 0 }: { type: string; index?: number }) => {
          if (type === "generated" && index === 9) others.resolve(generated);
        },
      });
      workers.push(await rig.worker(({ i }) => held(i)));
      expect(await running).toMatchObject({ generated: 10 });
      await Promise.all(workers.map((worker) => worker.drain()));
      expect(rig.begun.sort()).toEqual(upTo(10));
    }));

  test("are cancelled, each of them", () =>
    withRig(async (rig) => {
      const controller = new AbortController();
      const worker = await rig.worker(({ i, signal }) => {
        if (i < 3) return generated;
        queueMicrotask(() => controller.abort(new Error("enough")));
        return new Promise((resolve) => {
          signal.addEventListener("abort", () =>
            resolve({ kind: "failed", error: { cancelled: true }, message: "cancelled" }),
          );
        });
      });
      const thrown = await rig.run(25, { signal: controller.signal }).catch((error) => error);
      await worker.drain();
      expect(thrown.result).toMatchObject({ state: "cancelled", generated: 3, cancelled: 22 });
      expect(rig.begun).toEqual([0, 1, 2, 3]);
    }));

  test("begin one by one in a pool with a rate limit", () =>
    withRig(async (rig) => {
      const worker = await rig.worker(undefined, ".p.api");
      const rateLimits = { api: { limit: 100, intervalMs: 1000 } };
      expect(await rig.run(6, { rateLimits }, rated as never)).toMatchObject({ generated: 6 });
      await worker.drain();
      expect(rig.jobs.length).toBe(6);
    }));
});
