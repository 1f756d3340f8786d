import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

/** What the pages speak of and do not define. */
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

function problemsOf(file: string, text: string): string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, rest[0]) : readSource(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
    const line = text.slice(0, start).split("\n").length;
    return `${ts.flattenDiagnosticMessageText(messageText, "\n")} in: ${text.split("\n")[line - 1]}`;
  });
}

test.each(["docs/pipelines.md", "docs/stores.md", "docs/formats.md", "README.md"])(
  "the examples of %s compile, in the order in which they stand",
  (page) => {
    expect(problemsOf(path.join(root, "page.ts"), moduleOf(page))).toEqual([]);
  },
  60_000,
);

test("an example that is wrong would be noticed", () => {
  const wrong = `${moduleOf("docs/pipelines.md")}\nsweep(estimator, { zTreshold: [1] });`;
  expect(problemsOf(path.join(root, "page.ts"), wrong).join()).toContain("zTreshold");
}, 60_000);
