import { doing, type EngineCase, Held, until } from "./engine-case.ts";
import { expectEqual } from "./expectation.ts";

/** How workers come and go. */
export const workerCases: readonly EngineCase[] = [
  {
    title: "counts the slots of the workers that are there",
    async run(rig) {
      const run = await rig.run();
      expectEqual(await run.link.slots(), [], "without a worker");
      const [two] = [await rig.worker(doing([]), 2), await rig.worker(doing([]), 3)];
      await until(async () => (await run.link.slots()).length === 2);
      expectEqual([...(await run.link.slots())].sort(), [2, 3], "with two workers");
      await two.drain();
      await until(async () => (await run.link.slots()).length === 1);
      expectEqual(await run.link.slots(), [3], "after one has ended");
    },
  },
  {
    title: "hands a worker no more jobs than it has slots",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      await rig.worker(held.handle, 2);
      for (const id of ["a", "b", "c"]) await run.submit(id);
      await until(() => held.ids.length === 2);
      expectEqual(await run.link.stateOf("c"), "queued", "the third job");
      held.release();
      await until(() => held.ids.length === 3);
      held.release();
      await run.hear("done", "c");
    },
  },
  {
    title: "hands a paused worker nothing until it goes on",
    async run(rig) {
      const run = await rig.run();
      const [paused, other]: [string[], string[]] = [[], []];
      const server = await rig.worker(doing(paused));
      server.pause();
      // One job may be on its way already.
      await rig.worker(doing(other));
      for (let n = 0; n < 10; n++) await run.submit(`job-${n}`);
      await until(() => paused.length + other.length === 10);
      expectEqual(paused.length <= 1, true, "that it took at most one");
      const before = paused.length;
      server.resume();
      for (let n = 10; paused.length === before; n++) {
        await run.submit(`job-${n}`);
        await run.hear("done", `job-${n}`);
      }
    },
  },
  {
    title: "lets a worker finish what it does, and hands it nothing else",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      const server = await rig.worker(held.handle);
      await run.submit("first");
      await until(() => held.ids.length === 1);
      const drained = server.drain();
      await run.submit("second");
      held.release({ n: 1 });
      expectEqual((await run.hear("done", "first")).result, { n: 1 }, "the result of the first");
      await drained;
      expectEqual(held.ids, ["first"], "the jobs that it began");
      expectEqual(await run.link.stateOf("second"), "queued", "the second job");
      await run.link.cancel("second");
    },
  },
  {
    title: "gives the jobs of a worker that ends at once to another one",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      const repeated: boolean[] = [];
      const lost = await rig.worker((job) => {
        repeated.push(job.isRepeated);
        return held.handle(job);
      });
      await run.submit("it");
      await until(() => held.ids.length === 1);
      await lost.close();
      await rig.worker(async ({ id, isRepeated }) => {
        repeated.push(isRepeated);
        return { kind: "done", result: { id } };
      });
      expectEqual((await run.hear("done", "it")).result, { id: "it" }, "the result");
      expectEqual(repeated, [false, true], "whether the job was begun before");
    },
  },
  {
    title: "tells the number of jobs by their state",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      const server = await rig.worker(held.handle);
      await run.submit("a");
      await run.submit("b");
      await until(() => held.ids.length === 1);
      const counts = Object.values(await server.counts());
      expectEqual(counts.reduce((sum, count) => sum + count, 0) >= 2, true, "that both jobs are counted");
      held.release();
      await until(() => held.ids.length === 2);
      held.release();
      await run.hear("done", "b");
    },
  },
];
