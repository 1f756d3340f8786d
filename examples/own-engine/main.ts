import { runWorker } from "persistable-ts/engine";
import { run } from "persistable-ts/pipeline";
import { memoryEngine } from "./memory-engine.ts";
import { total } from "./study.ts";

const engine = memoryEngine();
const stop = new AbortController();
const worker = runWorker(engine, new URL("study.ts", import.meta.url), { slots: 2, signal: stop.signal });

const totals = [1, 2, 3].map((factor) => total({ factor, points: { n: 4 } }));
const { generated } = await run(totals, { on: engine });
console.log(`${generated} generated: ${await Promise.all(totals.map((each) => each.load()))}`);
stop.abort();
console.log(`The worker has ended: ${await worker}`);
