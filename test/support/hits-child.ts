// A process that may only read, in which everything is there: every way to ask for it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { directory } from "../../src/entry/formats/directory.ts";
import { records } from "../../src/entry/formats/records.ts";
import { definePersistable, json, typedParams } from "../../src/entry/index.ts";
import { collect, persistableMap, plan, run, sweep } from "../../src/entry/pipeline.ts";

export interface HitsInput {
  readonly dataDir: string;
  /** Give up being root. */
  readonly uid?: number | undefined;
}

const first = definePersistable({
  name: "first",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => params.n,
});
const second = definePersistable({
  name: "second",
  format: json(),
  dependencies: { first },
  generate: async ({ dependencies }) => (await dependencies.first.payload) + 1,
});
const folder = definePersistable({
  name: "folder",
  format: directory(),
  generate: ({ workDir }) => {
    writeFileSync(join(workDir, "a.txt"), "A");
    return workDir;
  },
});
const stream = definePersistable({
  name: "stream",
  format: records<number>(),
  generate: async function* () {
    yield* [1, 2, 3];
  },
});
const lengths = persistableMap({
  name: "lengths",
  item: (word: string) => word,
  generateBatch: ({ items }) => items.map((word) => word.length),
});

/** The result of each way of asking, or the code of its error. */
export async function askForEverything(dataDir: string): Promise<Record<string, unknown>> {
  const options = { dataDir };
  const targets = () => [second({ first: { n: 1 } }, options), folder({}, options), stream({}, options)];
  const study = () => sweep(second, { first: { n: [1, 2] } }, options);
  const asked: Record<string, () => unknown> = {
    run: async () => (await run(targets())).hits,
    "run again": async () => (await run(targets())).hits,
    "run of a sweep": async () => (await run(study())).hits,
    payload: () => second({ first: { n: 1 } }, options).payload,
    loadOrGenerate: () => second({ first: { n: 1 } }, options).loadOrGenerate(),
    load: async () => {
      const items: number[] = [];
      for await (const item of await stream({}, options).load()) items.push(item);
      return items;
    },
    explain: async () => (await second({ first: { n: 1 } }, options).explain()).state,
    plan: async () => (await plan(targets())).counts,
    collect: async () => (await collect(study(), {})).rows.length,
    map: () => lengths({}, options).load(["one", "three"]),
    missing: () => lengths({}, options).missing(["one", "three"]),
  };
  const report: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(asked)) {
    try {
      report[name] = await ask();
    } catch (error) {
      report[name] = (error as { code?: unknown }).code ?? String(error);
    }
  }
  return report;
}

const [, , input] = process.argv;
if (input?.startsWith("{")) {
  const { dataDir, uid } = JSON.parse(input) as HitsInput;
  if (uid !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(uid);
    process.setuid?.(uid);
  }
  process.stdout.write(`${JSON.stringify(await askForEverything(dataDir))}\n`);
}
