import { doing, type EngineCase, Held, until } from "./engine-case.ts";
import { expectEqual } from "./expectation.ts";

/** How jobs get into a queue, and out of it. */
export const queueCases: readonly EngineCase[] = [
  {
    title: "shows a URL without a user and a password",
    async run({ engine }) {
      expectEqual(URL.canParse(engine.url), true, `${engine.url} is a URL`);
      const { username, password } = new URL(engine.url);
      expectEqual([username, password], ["", ""], "the user and the password of the URL");
    },
  },
  {
    title: "hands a worker what was queued, before it came or after",
    async run(rig) {
      const run = await rig.run();
      const data = { text: "ü\u0000\u2028", nested: [{ n: 1.5 }, null, true] };
      await run.link.submit({ id: "early", name: "node", data });
      const got: unknown[] = [];
      await rig.worker(async (job) => {
        got.push(job.data);
        return { kind: "done", result: {} };
      });
      await run.hear("done", "early");
      await run.link.submit({ id: "late", name: "node", data });
      await run.hear("done", "late");
      expectEqual(got, [data, data], "the data of both jobs");
    },
  },
  {
    title: "hands each job to one of several workers",
    async run(rig) {
      const run = await rig.run();
      const done: string[] = [];
      await Promise.all([rig.worker(doing(done), 2), rig.worker(doing(done), 2)]);
      const ids = Array.from({ length: 40 }, (_, i) => `job-${i}`);
      await Promise.all(ids.map((id) => run.submit(id)));
      await Promise.all(ids.map((id) => run.hear("done", id)));
      expectEqual(done.sort(), ids.sort(), "the jobs that were done");
    },
  },
  {
    title: "does a job once that two runs have queued, and tells both",
    async run(rig) {
      const [one, other] = [await rig.run(), await rig.run()];
      const held = new Held();
      await rig.worker(held.handle, 2);
      await one.submit("both");
      await until(() => held.ids.length > 0);
      await other.submit("both");
      await other.submit("after");
      await until(() => held.ids.length > 1);
      held.release({ answer: 42 });
      for (const run of [one, other])
        expectEqual((await run.hear("done", "both")).result, { answer: 42 }, "the result");
      expectEqual(held.ids, ["both", "after"], "the jobs that were begun");
    },
  },
  {
    title: "keeps queues apart",
    async run(rig) {
      const [run, other] = [await rig.run(), await rig.run(`c.${crypto.randomUUID().slice(0, 13)}`)];
      const done: string[] = [];
      await other.submit("elsewhere");
      await rig.worker(doing(done));
      await run.submit("here");
      await run.hear("done", "here");
      expectEqual(done, ["here"], "the jobs that were done");
      expectEqual(await other.link.stateOf("elsewhere"), "queued", "the state of the other job");
      await other.link.cancel("elsewhere");
    },
  },
  {
    title: "knows which jobs wait and run, and which it does not know",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      expectEqual(await run.link.stateOf("it"), "unknown", "before it is queued");
      await run.submit("it");
      expectEqual(await run.link.stateOf("it"), "queued", "without a worker");
      await rig.worker(held.handle);
      // The queue may say so before the worker has begun the job.
      await until(async () => (await run.link.stateOf("it")) === "running" && held.ids.length === 1);
      held.release();
      await run.hear("done", "it");
    },
  },
  {
    title: "keeps a limit over all workers, until another one is set",
    async run(rig) {
      const run = await rig.run();
      const held = new Held();
      await run.link.limit({ atOnce: 2 });
      await Promise.all([rig.worker(held.handle, 3), rig.worker(held.handle, 3)]);
      for (const id of ["a", "b", "c", "d"]) await run.submit(id);
      await until(() => held.ids.length === 2);
      const states = await Promise.all(["a", "b", "c", "d"].map((id) => run.link.stateOf(id)));
      expectEqual(states.filter((state) => state === "running").length, 2, "the jobs that run");
      await run.link.limit({});
      held.release();
      await until(() => {
        held.release();
        return held.ids.length === 4;
      });
      held.release();
    },
  },
];
