import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { collect, plan, run } from "persistable-ts/pipeline";
import { EpidemicFigures, InfectedPerDay } from "./epidemic.ts";

// main.ts [--data-dir folder] [--people 20000] [--draws 5] [--csv file]
const { values } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "example-data" },
    people: { type: "string", default: "20000" },
    draws: { type: "string", default: "5" },
    csv: { type: "string" },
  },
});

const dataDir = values["data-dir"];
const people = Number(values.people);
const draws = Array.from({ length: Number(values.draws) }, (_, draw) => draw);

// Draws are independent epidemics with the same params: each has a seed of its own.
const settings = [1.2, 1.8, 3].flatMap((reproduction) =>
  [4, 8].map((daysInfected) => ({ reproduction, daysInfected })),
);
const study = settings.flatMap((setting) =>
  draws.map((draw) => {
    const days = new InfectedPerDay({ dataDir, draw, params: { people, ...setting } });
    return new EpidemicFigures({ dataDir, draw, params: {}, dependencies: { days } });
  }),
);
const planned = await plan(study);
console.log(String(planned));
await run(planned);

const table = await collect(study, { metrics: (figures) => figures });
if (values.csv !== undefined) writeFileSync(values.csv, table.toCsv());
const mean = (numbers: readonly number[]) => Math.round(numbers.reduce((sum, n) => sum + n, 0) / numbers.length);
console.table(
  settings.map((setting) => {
    const rows = table.rows.filter(
      (row) => row["days.reproduction"] === setting.reproduction && row["days.daysInfected"] === setting.daysInfected,
    );
    const meanOf = (column: "metrics.peak" | "metrics.peakDay" | "metrics.everInfected") =>
      mean(rows.map((row) => Number(row[column])));
    return {
      ...setting,
      peak: meanOf("metrics.peak"),
      peakDay: meanOf("metrics.peakDay"),
      everInfected: meanOf("metrics.everInfected"),
    };
  }),
);
