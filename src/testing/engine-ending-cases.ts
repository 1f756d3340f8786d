import type { JobEnding } from "../engine/engine.ts";
import { doing, type EngineCase, Held, until } from "./engine-case.ts";
import { expectEqual } from "./expectation.ts";

const FAILED: JobEnding = {
  kind: "failed",
  error: { kind: "error", name: "Range\u0000Error" },
  message: "it went\u0000wrong",
};

/** How jobs end, and how the run hears of it. */
export const endingCases: readonly EngineCase[] = [
  {
    title: "tells the run what a job tells while it runs",
    async run(rig) {
      const run = await rig.run();
      await rig.worker(async (job) => {
        job.tell({ event: { text: "\ud800", fraction: 0.5 } });
        return { kind: "done", result: { text: "\u0000" } };
      });
      await run.submit("it");
      expectEqual(
        (await run.hear("progress", "it")).data,
        { event: { text: "\ud800", fraction: 0.5 } },
        "the progress",
      );
      expectEqual((await run.hear("done", "it")).result, { text: "\u0000" }, "the result");
    },
  },
  {
    title: "hands the run the error of a job that has failed, and tells it again when it is asked",
    async run(rig) {
      const run = await rig.run();
      await rig.worker(async () => FAILED);
      await run.submit("it");
      const { error, reason } = await run.hear("failed", "it");
      expectEqual(error, { kind: "error", name: "Range\u0000Error" }, "the error");
      expectEqual(reason.startsWith("it went"), true, `that ${reason} is the message`);
      run.news.length = 0;
      expectEqual(await run.link.stateOf("it"), "failed", "the state");
      expectEqual((await run.hear("failed", "it")).error, error, "the error that is told again");
    },
  },
  {
    title: "does a job again that has failed, or was done",
    async run(rig) {
      const run = await rig.run();
      const endings = [FAILED, { kind: "done", result: { n: 1 } }, { kind: "done", result: { n: 2 } }] as const;
      let count = 0;
      await rig.worker(async () => endings[count++] ?? FAILED);
      for (const kind of ["failed", "done", "done"] as const) {
        run.news.length = 0;
        await run.submit("it");
        await run.hear(kind, "it");
      }
      expectEqual(count, 3, "how often it was done");
    },
  },
  {
    title: "gives a job that was put back to a worker again",
    async run(rig) {
      const run = await rig.run();
      let count = 0;
      await rig.worker(async () => (count++ === 0 ? { kind: "returned" } : { kind: "done", result: { count } }));
      await run.submit("it");
      expectEqual((await run.hear("done", "it")).result, { count: 2 }, "the result");
      expectEqual(run.news.filter(({ kind }) => kind === "failed").length, 0, "the failures that were told");
    },
  },
  {
    title: "takes a job out of the queue that is cancelled while it waits",
    async run(rig) {
      const run = await rig.run();
      await run.submit("cancelled");
      await run.link.cancel("cancelled");
      await run.hear("removed", "cancelled");
      expectEqual(await run.link.stateOf("cancelled"), "unknown", "the state");
      const done: string[] = [];
      await rig.worker(doing(done));
      await run.submit("kept");
      await run.hear("done", "kept");
      expectEqual(done, ["kept"], "the jobs that were done");
    },
  },
  {
    title: "aborts a job that is cancelled while it runs",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      await rig.worker(held.handle);
      await run.submit("it");
      await until(() => held.ids.length === 1);
      await run.link.cancel("it");
      expectEqual((await run.hear("failed", "it")).error, { cancelled: true }, "the error of its ending");
    },
  },
];
