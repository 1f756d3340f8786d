import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { resolveDecodeLimits } from "../src/format/decode-limits.ts";
import { optionTables, rowsOf } from "./support/option-tables.ts";

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

/** The surroundings that this code does not declare itself, and the code. */
function withSurroundings(code: string): string {
  const missing = SURROUNDINGS.split("\n").filter((line) => {
    const [, name] = /(?:const|function) (\w+)/.exec(line) ?? [];
    return name !== undefined && !new RegExp(`(?:const |function |import .*\\b)${name}\\b`).test(code);
  });
  return `${missing.join("\n")}\n${code}\nexport {};\n`;
}

/** All blocks of TypeScript of a page as one module. */
function moduleOf(page: string): string {
  const blocks = [...readFileSync(path.join(root, page), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  expect(blocks.length).toBeGreaterThan(0);
  return withSurroundings(blocks.map(([, code]) => code).join("\n"));
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(folder, name));
}

/** Each example in the comments of a source file as a module of its own, by its place. */
function examplesOf(file: string): [place: string, module: string][] {
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(/@example\n((?: *\*(?!\/).*\n)*? *\* ```ts\n((?: *\*(?!\/).*\n)*?)) *\* ```\n/g)].map(
    (match) => {
      const line = text.slice(0, match.index).split("\n").length;
      const code = (match[2] ?? "").replace(/^ *\* ?/gm, "");
      return [`${file}:${line}`, `${code}export {};\n`];
    },
  );
}

interface Compiled {
  readonly program: ts.Program;
  /** The compiler's complaints about each module. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
}

/**
 * Compiles all modules, and the entry points, as one program, since most of the compiler's time
 * goes into the library. The modules lie beside the `pipeline.ts` that examples import.
 */
function compile(modules: ReadonlyMap<string, string>): Compiled {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  const folder = path.join(root, "test/support/docs");
  const texts = new Map([...modules].map(([name, text], i) => [path.join(folder, `module-${i}.ts`), { name, text }]));
  host.getSourceFile = (name, ...rest) => {
    const module = texts.get(name);
    return module === undefined ? readSource(name, ...rest) : ts.createSourceFile(name, module.text, rest[0]);
  };
  const program = ts.createProgram(
    [...texts.keys(), ...entryPoints.map((file) => path.join(root, file))],
    options,
    host,
  );
  const problems = new Map(
    [...texts].map(([file, { name, text }]) => [
      name,
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText, start = 0 }) => {
        const line = text.slice(0, start).split("\n").length;
        return `${ts.flattenDiagnosticMessageText(messageText, "\n")} in: ${text.split("\n")[line - 1]}`;
      }),
    ]),
  );
  return { program, problems };
}

interface PublicExport {
  readonly name: string;
  readonly symbol: ts.Symbol;
  /** It is exported as a type alone, so that no program can call it. */
  readonly isTypeOnly: boolean;
}

function publicExports(program: ts.Program): PublicExport[] {
  const checker = program.getTypeChecker();
  return entryPoints.flatMap((file) => {
    const source = program.getSourceFile(path.join(root, file));
    const module = source && checker.getSymbolAtLocation(source);
    return (module === undefined ? [] : checker.getExportsOfModule(module)).map((exported) => {
      const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      return { name: exported.name, isTypeOnly, symbol: isAlias ? checker.getAliasedSymbol(exported) : exported };
    });
  });
}

/** The members of an exported interface of options, or of a definition. */
function optionsOf({ name, symbol }: PublicExport, checker: ts.TypeChecker): ts.Symbol[] {
  if (!/(Options|^Persistable\w*Definition)$/.test(name)) return [];
  return checker
    .getDeclaredTypeOfSymbol(symbol)
    .getProperties()
    .filter(({ declarations = [] }) => declarations.some((member) => member.getSourceFile().fileName.startsWith(root)));
}

function hasSentence(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  return symbol.getDocumentationComment(checker).length > 0;
}

/** The links in the comments of a declaration and of its members that lead nowhere. */
function deadLinksOf(
  { symbol }: PublicExport,
  types: ReadonlyMap<string, ts.Symbol>,
  checker: ts.TypeChecker,
): string[] {
  return linksOf(symbol).filter((link) => {
    const [name = "", member] = link.split(".");
    const target = types.get(name);
    if (target === undefined) return !hasMember(symbol, link, checker);
    return member !== undefined && !hasMember(target, member, checker);
  });
}

function linksOf({ declarations = [] }: ts.Symbol): string[] {
  return declarations.flatMap((declaration) => {
    const text = declaration.getSourceFile().text.slice(declaration.getFullStart(), declaration.end);
    return [...text.matchAll(/\{@link[\s*]+([\w.]+)/g)].map(([, link = ""]) => link);
  });
}

function hasMember(symbol: ts.Symbol, member: string, checker: ts.TypeChecker): boolean {
  return checker.getDeclaredTypeOfSymbol(symbol).getProperty(member) !== undefined;
}

const entryPoints = filesBelow("src/entry").filter((file) => !file.includes(`${path.sep}bin${path.sep}`));

const pages = [
  "docs/getting-started.md",
  "docs/many-items.md",
  "docs/continuous-integration.md",
  "docs/servers.md",
  "docs/testing.md",
  "docs/privacy.md",
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
  "docs/several-machines.md",
  "docs/stores.md",
  "docs/formats.md",
  "docs/files-of-others.md",
  "docs/catalog.md",
  "docs/housekeeping.md",
  "README.md",
];

const examples = new Map(filesBelow("src").flatMap(examplesOf));
const { program, problems } = compile(
  new Map([
    ...pages.map((page): [string, string] => [page, moduleOf(page)]),
    ...examples,
    ["a wrong one", `${moduleOf("docs/pipelines.md")}\nsweep(estimator, { zTreshold: [1] });`],
  ]),
);
const checker = program.getTypeChecker();
const exported = publicExports(program);

test("the examples of each page compile, in the order in which they stand, and a wrong one is noticed", () => {
  for (const page of pages) expect([page, problems.get(page)]).toEqual([page, []]);
  expect(problems.get("a wrong one")?.join()).toContain("zTreshold");
});

test("each example in a comment of the source compiles with its own imports", () => {
  expect(examples.size).toBeGreaterThan(200);
  for (const place of examples.keys()) expect([place, problems.get(place)]).toEqual([place, []]);
});

test("each exported function, class and constant has an example", () => {
  const values = exported.filter(
    ({ symbol, isTypeOnly }) => !isTypeOnly && (symbol.flags & ts.SymbolFlags.Value) !== 0,
  );
  expect(values.length).toBeGreaterThan(200);
  const without = values.filter(({ symbol }) => !symbol.getJsDocTags(checker).some(({ name }) => name === "example"));
  expect([...new Set(without.map(({ name }) => name))]).toEqual([]);
});

test("each export and each option is described", () => {
  const options = exported.flatMap((owner) =>
    optionsOf(owner, checker).map((option) => ({ name: `${owner.name}.${option.name}`, symbol: option })),
  );
  expect(options.length).toBeGreaterThan(100);
  const without = [...exported, ...options].filter(({ symbol }) => !hasSentence(symbol, checker));
  expect([...new Set(without.map(({ name }) => name))]).toEqual([]);
});

test("the comments of exports link to what is exported", () => {
  const types = new Map(exported.map(({ name, symbol }) => [name, symbol]));
  expect(exported.flatMap(({ symbol }) => linksOf(symbol)).length).toBeGreaterThan(100);
  const dead = exported.flatMap((owner) =>
    deadLinksOf(owner, types, checker).map((link) => `${link} in ${owner.name}`),
  );
  expect([...new Set(dead)]).toEqual([]);
});

const optionsPage = readFileSync(path.join(root, "docs/options.md"), "utf8");

/** The options that an exported type has, or the last parameter of an exported function. */
function membersOf(name: string): ts.Symbol[] {
  const symbol = exported.find((each) => each.name === name)?.symbol;
  if (symbol === undefined) throw new Error(`${name} of docs/options.md is not exported.`);
  if ((symbol.flags & ts.SymbolFlags.Function) === 0) return checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  const [signature] = checker.getTypeOfSymbol(symbol).getCallSignatures();
  const last = signature?.getParameters().at(-1);
  return last === undefined ? [] : checker.getTypeOfSymbol(last).getProperties();
}

/** The default that the comment of an option says, as the table writes it. */
function defaultOf(option: ts.Symbol): string | undefined {
  const text = ts.displayPartsToString(option.getDocumentationComment(checker)).replaceAll(/\s+/g, " ");
  const value = '(`?(?:"[^`]*"|true|false|[\\d_,]+)`?)';
  const [, before, after] = new RegExp(`${value} (?:by default|\\(default\\))|Default ${value}`).exec(text) ?? [];
  return before ?? after;
}

test("docs/options.md has every option, and nothing else, with the default that its comment says", () => {
  const tables = optionTables(optionsPage);
  expect(tables.length).toBeGreaterThan(15);
  let compared = 0;
  for (const { owner, beyond, isPartial, rows } of tables) {
    const elsewhere = new Set(beyond.flatMap(membersOf).map(({ name }) => name));
    const members = membersOf(owner).filter(({ name }) => !elsewhere.has(name));
    expect([owner, rows.map(({ name }) => name).sort()]).toEqual([owner, members.map(({ name }) => name).sort()]);
    const needed = (isPartial ? [] : members)
      .filter(({ flags }) => (flags & ts.SymbolFlags.Optional) === 0)
      .map(({ name }) => name);
    const saysNeeded = rows.filter((row) => row.default === "needed").map(({ name }) => name);
    expect([owner, saysNeeded.sort()]).toEqual([owner, needed.sort()]);
    for (const row of rows) {
      const said = members.map((member) => (member.name === row.name ? defaultOf(member) : undefined)).find(Boolean);
      if (said === undefined) continue;
      compared += 1;
      const plain = (text: string): string => text.replaceAll(/[`,_]/g, "");
      expect([owner, row.name, plain(row.default)]).toEqual([owner, row.name, plain(said)]);
    }
  }
  expect(compared).toBeGreaterThan(20);
});

test("docs/options.md has the limits of decoding, and the variables of the environment, that the source has", () => {
  const limits = optionTables(optionsPage).find(({ owner }) => owner === "DecodeLimits")?.rows ?? [];
  const bytes = (text: string): number =>
    Number.parseInt(text.replaceAll(",", ""), 10) * (/GiB/.test(text) ? 2 ** 30 : 1);
  expect(Object.fromEntries(limits.map((row) => [row.name, bytes(row.default)]))).toEqual(resolveDecodeLimits({}));
  const variables = rowsOf(optionsPage.split("<!-- variables of the environment -->\n")[1] ?? "");
  const source = filesBelow("src").map((file) => readFileSync(path.join(root, file), "utf8"));
  const read = source.flatMap((text) => [...text.matchAll(/\benv\.(PERSISTABLE_\w+)/g)].map(([, name]) => name));
  expect(variables.map(({ name }) => name).sort()).toEqual([...new Set(read)].sort());
});
