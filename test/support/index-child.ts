import { join } from "node:path";
import { openCatalog } from "../../src/catalog/open/open-catalog.ts";
import { collectArtifacts, planCollection } from "../../src/entry/housekeeping.ts";
import { definePersistable, json, typedParams } from "../../src/entry/index.ts";
import { writeRecords } from "./write-records.ts";

/**
 * The job of a process: it writes records, removes some, loads some, or brings an index up to date
 * without an end.
 */
export type IndexChildInput =
  | { readonly job: "write"; readonly dataDir: string; readonly first: number; readonly count: number }
  | { readonly job: "collect"; readonly dataDir: string; readonly query: string }
  | { readonly job: "load"; readonly dataDir: string; readonly n: readonly number[] }
  | { readonly job: "index"; readonly dataDir: string };

const input: IndexChildInput = JSON.parse(process.argv[2] ?? "{}");
const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  format: json(),
  generate: () => 1,
});

if (input.job === "write") {
  for (let n = input.first; n < input.first + input.count; n += 50)
    writeRecords(
      input.dataDir,
      Array.from({ length: 50 }, (_, i) => points({ n: n + i }, { dataDir: join(input.dataDir, "unused") })),
    );
} else if (input.job === "collect") {
  const { removed } = await collectArtifacts(
    input.dataDir,
    await planCollection(input.dataDir, { query: input.query }),
  );
  process.stdout.write(`${JSON.stringify({ removed: removed.length })}\n`);
} else if (input.job === "load") {
  for (const n of input.n) await points({ n }, { dataDir: input.dataDir }).load();
} else {
  for (;;) {
    const catalog = openCatalog(input.dataDir);
    const { total } = await catalog.find("points", { limit: 1 });
    process.stdout.write(`${JSON.stringify({ total })}\n`);
    await catalog.close();
  }
}
