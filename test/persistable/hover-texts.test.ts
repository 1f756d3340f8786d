import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** Each name after `hover` is shown by an editor. */
const PROGRAM = `
import { definePersistable, persistFunction, typedParams } from "persistable-ts";
import { persistableMap, plan, run } from "persistable-ts/pipeline";

const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number; seed?: number }>(),
  generate: ({ params }) => new Float64Array(params.n),
});
const estimator = definePersistable({
  name: "estimator",
  params: typedParams<{ zThreshold: number; method: "mean" | "median" }>(),
  dependencies: { points },
  generate: async ({ dependencies }) => ({ mean: (await dependencies.points.payload)[0] ?? 0 }),
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

const SHOWN = ["points", "trained", "call", "lengths", "map", "planned", "result", "record", "payload", "explanation"];

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

/** Persistables with dependencies are not among them: an editor shows each level of those. */
test("an editor shows functions, their calls, maps, plans and results in at most ten lines each", () => {
  const texts = hoverTexts(PROGRAM, SHOWN);
  const isTooLong = (text: string): boolean => text.split("\n").length > 10;
  expect([...texts].filter(([, text]) => text === "" || isTooLong(text))).toEqual([]);
});
