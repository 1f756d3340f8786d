// A process that ends as soon as nothing in it waits any more: it aborts a schedule whose next node
// may begin in an hour.
import { setImmediate } from "node:timers/promises";
import { Graph } from "../../src/pipeline/graph.ts";
import { schedule } from "../../src/runner/schedule/schedule.ts";

const abort = new AbortController();
const { state } = await schedule(Graph.fromLists([0, 0, 0, 0], []), {
  concurrency: 3,
  rateLimits: { api: { limit: 1, intervalMs: 3_600_000 } },
  poolsOf: () => ({ api: 1 }),
  signal: abort.signal,
  execute: () => {
    setImmediate().then(() => abort.abort());
  },
});
process.stdout.write(`${JSON.stringify([...state])}\n`);
