import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDisplay } from "persistable-ts/display";
import { collect, plan, run } from "persistable-ts/pipeline";
import { type PlottedRow, renderPlot } from "./plot.ts";
import { searchStudy } from "./study.ts";

// main.js [--data-dir folder] [--out-dir folder] [--license-count 50]
const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "example-data" },
    "out-dir": { type: "string", default: "example-data" },
    "license-count": { type: "string" },
  },
});

const licenseCount = values["license-count"] === undefined ? undefined : Number(values["license-count"]);
const study = searchStudy({ licenseCount }, { dataDir: values["data-dir"] });
const planned = await plan(study);
console.log(String(planned));

const display = await openDisplay({ stream: process.stdout });
await run(planned, { onEvent: display.onEvent });

const table = await collect(study);
mkdirSync(values["out-dir"], { recursive: true });
const rows = table.rows.map((row): PlottedRow & { readonly reciprocalRank: number; readonly recall10: number } => ({
  stemming: row["vocabulary.tokens.stemming"],
  weighting: row["vectors.weighting"],
  topicCount: row["vectors.topicCount"],
  topicShare: row.topicShare,
  ndcg10: shorten(row["summary.ndcg10"]),
  reciprocalRank: shorten(row["summary.reciprocalRank"]),
  recall10: shorten(row["summary.recall10"]),
}));
const [first] = rows;
const columns = Object.keys(first ?? {}) as (keyof (typeof rows)[number])[];
const csv = [columns.join(), ...rows.map((row) => columns.map((column) => row[column]).join())].join("\n");
writeFileSync(join(values["out-dir"], "study.csv"), `${csv}\n`);
writeFileSync(join(values["out-dir"], "study.svg"), await renderPlot(rows));

const best = [...rows].sort((one, other) => other.ndcg10 - one.ndcg10).slice(0, 5);
console.log("\nThe best by nDCG@10:");
console.table(best);
console.log(`${rows.length} rows: ${join(values["out-dir"], "study.csv")}, drawn in study.svg`);

/**
 * Digits beyond these are noise, and would make every line of the table, and the plot of it, differ
 * between machines.
 */
function shorten(value: number | undefined): number {
  return value === undefined ? Number.NaN : Number(value.toFixed(4));
}
