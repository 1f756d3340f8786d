import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const entryPoints = readdirSync(path.join(root, "src/entry"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => path.join(root, "src/entry", name));

/**
 * Each exported name with the declarations that it stands for; an entry point may export one again.
 */
function exportedNames(files: readonly string[], host?: ts.CompilerHost): Map<string, Set<ts.Symbol>> {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(files, options, host);
  const checker = program.getTypeChecker();
  const names = new Map<string, Set<ts.Symbol>>();
  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    expect(module, file).toBeDefined();
    for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const declarations = names.get(exported.name) ?? new Set();
      names.set(exported.name, declarations.add(isAlias ? checker.getAliasedSymbol(exported) : exported));
    }
  }
  return names;
}

function ambiguous(names: ReadonlyMap<string, ReadonlySet<ts.Symbol>>): string[] {
  return [...names].filter(([, declarations]) => declarations.size > 1).map(([name]) => name);
}

const names = exportedNames(entryPoints);

test("no two things that the entry points export share a name", () => {
  expect(names.size).toBeGreaterThan(200);
  expect(ambiguous(names)).toEqual([]);
});

test("a second thing of a name would be noticed", () => {
  const planted = path.join(root, "planted.ts");
  const host = ts.createCompilerHost({});
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === planted
      ? ts.createSourceFile(name, "export interface CsvOptions { readonly tabs: true }", rest[0])
      : readSource(name, ...rest);
  const csv = path.join(root, "src/entry/formats/csv.ts");
  expect(ambiguous(exportedNames([csv, planted], host))).toEqual(["CsvOptions"]);
});

/** Words of programming that need no entry in a glossary. */
const common =
  "array case context counts delimiter fixed continuous key line listener logger long map operation passphrase patience policy read runner schema type value".split(
    " ",
  );

/**
 * The word of a name that says what it stands for: `Format` of `CsvRowsFormat`, `Column` of
 * `ColumnFor`.
 */
function nounOf(name: string): string {
  const words = name.match(/[A-Z][a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  const end = words.findIndex((word) => ["Of", "For", "By"].includes(word));
  return (words.at(end === -1 ? -1 : end - 1) ?? "").toLowerCase();
}

test("the glossary lists the nouns of exported types", () => {
  const rows = readFileSync(path.join(root, "GLOSSARY.md"), "utf8").matchAll(/^\| ([^|]*) \|/gm);
  const known = new Set([
    ...[...rows].flatMap(([, words = ""]) => words.toLowerCase().match(/[a-z]+/g) ?? []),
    ...common,
  ]);
  const nouns = [...names.keys()]
    .filter((name) => /^[A-Z][a-z]/.test(name) && !/(Error|Options)$/.test(name))
    .map(nounOf);
  const unknown = nouns.filter((noun) => !known.has(noun) && !known.has(noun.replace(/s$/, "")));
  expect([...new Set(unknown)].sort()).toEqual([]);
  expect(nouns).toContain("store");
});
