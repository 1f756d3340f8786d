import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { definePersistable, json, typedParams } from "persistable-ts";
import { type FileInput, fileParam, inputPath } from "persistable-ts/inputs";
import { persistableMap } from "persistable-ts/pipeline";

/** The sales of each shop on a day. Of a month with one new day, one day is counted. */
export const dayTotals = persistableMap({
  name: "day_totals",
  params: typedParams<{ currency: string }>(),
  item: (sales: FileInput) => sales,
  format: json(),
  generateBatch: ({ items }) =>
    Promise.all(
      items.map(async (sales) => {
        console.log(`counts ${sales.file}`);
        const [, ...lines] = (await readFile(await inputPath(sales), "utf8")).trim().split("\n");
        const totals: Record<string, number> = {};
        for (const [shop = "", amount] of lines.map((line) => line.split(","))) {
          totals[shop] = (totals[shop] ?? 0) + Number(amount);
        }
        return totals;
      }),
    ),
});

/** The totals of all days. It depends on the content of the files, and not on where they lie. */
export const report = definePersistable({
  name: "report",
  params: typedParams<{ sales: FileInput[] }>(),
  dependencies: { dayTotals },
  format: json(),
  generate: async ({ params, dependencies }) => {
    const days = await dependencies.dayTotals.load(params.sales);
    const total: Record<string, number> = {};
    for (const [shop, amount] of days.flatMap((day) => Object.entries(day))) total[shop] = (total[shop] ?? 0) + amount;
    return { days: days.length, total };
  },
  summarize: ({ days }) => ({ days }),
});

/** The tree of the report over all files of a folder. */
export async function reportOver(folder: string) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".csv")).sort();
  const sales = await Promise.all(names.map((name) => fileParam(join(folder, name))));
  return { sales, dayTotals: { currency: "EUR" } };
}
