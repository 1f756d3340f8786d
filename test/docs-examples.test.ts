import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

/** Declarations that the pages use and do not define. */
const SURROUNDINGS = `
declare function simulate(n: number, seed: number): Promise<Float64Array>;
declare function mean(values: Float64Array): number;
declare function fit(values: Float64Array, zThreshold: number): { readonly mean: number };
declare function embed(texts: readonly string[], model: string, signal: AbortSignal): Promise<Float32Array[]>;
declare function render(): Promise<Uint8Array>;
declare function ask(question: string): AsyncIterable<string>;
declare const texts: readonly string[];
declare function uniform(seed: number, n: number): Float64Array;
`;

/** All blocks of TypeScript of a page as one module, each import once. */
function moduleOf(page: string): string {
  const blocks = [...readFileSync(path.join(root, page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThan(0);
  return `${SURROUNDINGS}${blocks.map(([, code]) => code).join("\n")}`;
}

/**
 * The compiler's complaints about each module. All modules are one program, since most of the
 * compiler's time goes into the library.
 */
function problemsOf(modules: ReadonlyMap<string, string>): Map<string, string[]> {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  const texts = new Map([...modules].map(([name, text], i) => [path.join(root, `page-${i}.ts`), { name, text }]));
  host.getSourceFile = (name, ...rest) => {
    const module = texts.get(name);
    return module === undefined ? readSource(name, ...rest) : ts.createSourceFile(name, module.text, rest[0]);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return new Map(
    [...texts].map(([file, { name, text }]) => [
      name,
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText, start = 0 }) => {
        const line = text.slice(0, start).split("\n").length;
        return `${ts.flattenDiagnosticMessageText(messageText, "\n")} in: ${text.split("\n")[line - 1]}`;
      }),
    ]),
  );
}

const pages = [
  "docs/getting-started.md",
  "docs/many-items.md",
  "docs/continuous-integration.md",
  "docs/servers.md",
  "docs/testing.md",
  "docs/privacy.md",
  "docs/files-of-others.md",
  "docs/coming-from-python.md",
  "docs/coming-from-joblib.md",
  "docs/coming-from-memoize-fs.md",
  "docs/coming-from-keyv.md",
  "docs/coming-from-dvc.md",
  "docs/coming-from-targets.md",
  "docs/functions.md",
  "docs/programs.md",
  "docs/changes.md",
  "docs/model-calls.md",
  "docs/pipelines.md",
  "docs/stores.md",
  "docs/formats.md",
  "docs/catalog.md",
  "docs/housekeeping.md",
  "README.md",
];

test("the examples of each page compile, in the order in which they stand, and a wrong one is noticed", () => {
  const modules = new Map(pages.map((page) => [page, moduleOf(page)]));
  modules.set("a wrong one", `${moduleOf("docs/pipelines.md")}\nsweep(estimator, { zTreshold: [1] });`);
  const problems = problemsOf(modules);
  for (const page of pages) expect([page, problems.get(page)]).toEqual([page, []]);
  expect(problems.get("a wrong one")?.join()).toContain("zTreshold");
});
