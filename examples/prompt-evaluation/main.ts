import { parseArgs } from "node:util";
import { collect, plan, run } from "persistable-ts/pipeline";
import { promptStudy } from "./evaluation.ts";
import { startStandIn } from "./stand-in.ts";

// main.js [--data-dir folder]
const { values } = parseArgs({ options: { "data-dir": { type: "string", default: "example-data" } } });

await using standIn = await startStandIn();
const study = promptStudy(standIn.url, { dataDir: values["data-dir"] });
const planned = await plan(study);
console.log(String(planned));
await run(planned);

const table = await collect(study);
console.table(
  table.rows.map((row) => ({
    model: row.modelId,
    prompt: row.prompt,
    trial: row["artifact.draw"],
    share: row["summary.share"],
    tokens: Number(row["cost.inputTokens"]) + Number(row["cost.outputTokens"]),
    usd: row["cost.usd"],
  })),
);
console.log(`The model was asked ${standIn.asked} times.`);
