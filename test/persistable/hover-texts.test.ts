import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** Each name after `hover` is shown by an editor. */
const PROGRAM = `
import { definePersistable, persistFunction, typedParams } from "persistable-ts";
import { collect, persistableMap, plan, run, sweep } from "persistable-ts/pipeline";
import { z } from "zod";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; seed?: number }>(),
  generate: ({ params }) => new Float64Array(params.n),
});
interface Estimate {
  mean: number;
}
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number; method: "mean" | "median" }>(),
  dependencies: { points },
  generate: async ({ dependencies }): Promise<Estimate> => ({ mean: (await dependencies.points.payload)[0] ?? 0 }),
});
const report = definePersistable({
  name: "report",
  params: typedParams<{ title: string }>(),
  dependencies: { estimator, baseline: estimator },
  generate: async ({ dependencies }) => String((await dependencies.estimator.payload).mean),
});
const deep = report({
  title: "t",
  estimator: { zThreshold: 2, method: "mean", points: { n: 3 } },
  baseline: { zThreshold: 3, method: "mean", points: { n: 3 } },
});
const grid = sweep(report, {
  title: "t",
  estimator: { zThreshold: [2, 3], method: "mean", points: { n: [3, 4] } },
  baseline: { zThreshold: 3, method: "mean", points: { n: 3 } },
});
const table = await collect(grid);
const pages = definePersistable({
  name: "pages",
  params: z.object({ site: z.string(), depth: z.int().default(1) }),
  generate: ({ params }) => [params.site],
});
const index = definePersistable({
  name: "index",
  params: z.object({ k: z.number().default(3) }),
  dependencies: { pages },
  generate: async ({ dependencies }) => (await dependencies.pages.payload).length,
});
const answers = definePersistable({
  name: "answers",
  params: z.object({ question: z.string() }),
  dependencies: { index },
  generate: async ({ params }) => params.question,
});
const answer = answers({ question: "why", index: { pages: { site: "a" } } });
const trained = persistFunction(async (rows: number[], options: { rate: number }) => ({ rows, options }), {
  name: "trained",
});
const call = trained.persistable([1, 2], { rate: 0.1 });
const lengths = persistableMap({
  name: "lengths",
  params: typedParams<{ unit: string }>(),
  item: (word: { text: string; page: number }) => word.text,
  generateBatch: ({ items }) => items.map(({ text }) => text.length),
});
const map = lengths({ unit: "characters" });
const planned = await plan(deep);
const result = await run([deep, call]);
const record = await deep.record();
const payload = await deep.payload;
const explanation = await deep.explain();
`;

/** The names that the program declares, in their order. */
const SHOWN = [...PROGRAM.matchAll(/^const (\w+) =/gm)].map(([, name = ""]) => name);

/** The text that an editor shows for each name, at the place where it is declared. */
function hoverTexts(text: string, names: readonly string[]): Map<string, string> {
  const file = path.join(root, "hovered.ts");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const service = ts.createLanguageService({
    ...ts.sys,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  expect(service.getSemanticDiagnostics(file).map(({ messageText }) => messageText)).toEqual([]);
  const shown = names.map((name): [string, string] => {
    const info = service.getQuickInfoAtPosition(file, text.indexOf(`const ${name} =`) + "const ".length);
    return [name, ts.displayPartsToString(info?.displayParts)];
  });
  service.dispose();
  return new Map(shown);
}

/** Three definitions deep is `report`, and `grid` and `table` are made from it. */
test("an editor shows each declared name in at most ten lines, three definitions deep too", () => {
  const texts = hoverTexts(PROGRAM, SHOWN);
  expect(SHOWN).toContain("report");
  const isTooLong = (text: string): boolean => text.split("\n").length > 10;
  expect([...texts].filter(([, text]) => text === "" || isTooLong(text))).toEqual([]);
});
