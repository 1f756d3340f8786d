import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { findViolations, parseArchitectureRules, readImports } from "./support/architecture-rules.ts";

const root = new URL("../", import.meta.url);
const rules = parseArchitectureRules(readFileSync(new URL("ARCHITECTURE.md", root), "utf8"));

function readSources(): Map<string, string> {
  const names = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" }).map((name) =>
    name.replaceAll("\\", "/"),
  );
  return new Map(
    names
      .filter((name) => name.endsWith(".ts"))
      .map((name) => [`src/${name}`, readFileSync(new URL(`src/${name}`, root), "utf8")]),
  );
}

describe("the source", () => {
  it("keeps every rule of ARCHITECTURE.md", () => {
    const sources = readSources();
    expect(sources.size).toBeGreaterThan(5);
    expect(findViolations(sources, rules)).toEqual([]);
  });

  it("has a row in the table for every folder, and no row without one", () => {
    const folders = readdirSync(new URL("src/", root), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect([...rules.layers.keys()].sort()).toEqual(folders.map((folder) => folder.name).sort());
  });

  it("names in the table of rooms only rooms of the same folder", () => {
    for (const [room, imports] of rules.rooms) {
      const folder = room.split("/")[0];
      expect(imports.filter((other) => other.split("/")[0] !== folder)).toEqual([]);
    }
  });
});

/**
 * Runs a script, with all that it imports, where there are the globals of the web and none of
 * Node's.
 */
async function runInBrowser(contents: string): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(root), loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2023",
    logLevel: "silent",
    ignoreAnnotations: true,
  });
  const web = { TextEncoder, TextDecoder, URL, AbortController, AbortSignal, structuredClone, crypto, console };
  runInContext(outputFiles[0]?.text ?? "", createContext(web));
}

describe("in a browser", () => {
  it.each([...rules.browser])("%s loads", async (folder, files) => {
    const names = files ?? [...readSources().keys()].flatMap((file) => file.match(`^src/${folder}/(.*)$`)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(0);
    await runInBrowser(names.map((name) => `import "./src/${folder}/${name}";`).join("\n"));
  });

  it.each([
    ["that imports a Node module", 'import { readFileSync } from "node:fs"; readFileSync("x");'],
    ["that needs a global of Node's while it loads", "export const x = process.version;"],
  ])("a file %s does not load", async (_what, contents) => {
    await expect(runInBrowser(contents)).rejects.toThrow();
  });
});

describe("the checker catches, planted in a sound tree,", () => {
  const sound = new Map([
    ["src/errors/a.ts", "export class A {}\n"],
    ["src/store/store.ts", 'import type { A } from "../errors/a.ts";\n'],
    ["src/store/file-store.ts", 'import type { A } from "../errors/a.ts";\nimport type { Store } from "./store.ts";\n'],
    ["src/store/memory-store.ts", 'import { fill } from "./fill-chunks.ts";\n'],
    ["src/store/folder/a.ts", 'import type { Store } from "../store.ts";\n'],
    ["src/store/bucket/a.ts", 'import type { Store } from "../store.ts";\n'],
    ["src/store/fill-chunks.ts", "export {};\n"],
    ["src/entry/index.ts", 'export { A } from "../errors/a.ts";\n'],
  ]);
  const soundRules = {
    ...rules,
    rooms: new Map<string, string[]>([
      ["store", []],
      ["store/folder", ["store"]],
      ["store/bucket", ["store", "store/folder"]],
    ]),
    node: new Map<string, string[]>(),
    longFiles: new Set<string>(),
  };

  it("nothing, as long as nothing is planted", () => {
    expect(findViolations(sound, soundRules)).toEqual([]);
  });

  it.each([
    ["an import upwards", "src/errors/b.ts", 'import { x } from "../store/store.ts";', "errors may import nothing"],
    [
      "a type-only import upwards",
      "src/errors/b.ts",
      'import type { x } from "../store/store.ts";',
      "errors may import nothing",
    ],
    [
      "a dynamic import upwards",
      "src/errors/b.ts",
      'const x = () => import("../store/store.ts");',
      "errors may import nothing",
    ],
    [
      "a type taken by import()",
      "src/errors/b.ts",
      'type X = import("../store/store.ts").Store;',
      "errors may import nothing",
    ],
    ["a re-export upwards", "src/errors/b.ts", 'export { x } from "../store/store.ts";', "errors may import nothing"],
    [
      "a worker's file from above",
      "src/errors/b.ts",
      'new URL("../store/store.ts", import.meta.url);',
      "errors may import nothing",
    ],
    [
      "an import of the entry point",
      "src/store/b.ts",
      'import { A } from "../entry/index.ts";',
      "the entry point src/entry/index.ts",
    ],
    [
      "an import of the own package",
      "src/store/b.ts",
      'import { A } from "persistable-ts";',
      "its own package by name",
    ],
    ["an import that exists nowhere", "src/store/b.ts", 'import { A } from "./store.js";', "does not exist"],
    ["a folder without a row", "src/misc/b.ts", "export {};", "the table of layers does not name"],
    [
      "a room that imports one below it",
      "src/store/folder/b.ts",
      'import "../bucket/a.ts";',
      "store/folder may import store.",
    ],
    [
      "a contract that imports an implementation, by type only",
      "src/store/b.ts",
      'import type { x } from "./folder/a.ts";',
      "store may import no other room",
    ],
    [
      "a room without a row",
      "src/store/tape/b.ts",
      "export {};",
      "src/store/tape/b.ts lies in the room store/tape, which the table of rooms does not name",
    ],
    [
      "the first room of a folder, without a row",
      "src/util/tape/b.ts",
      "export {};",
      "src/util/tape/b.ts lies in the room util/tape, which the table of rooms does not name",
    ],
    ["a cycle of types", "src/errors/a.ts", 'import type { A } from "./a.ts";', "imports itself"],
    [
      "a Node module by import",
      "src/store/b.ts",
      'import { readFile } from "node:fs/promises";',
      "asks for node:fs/promises",
    ],
    [
      "a Node module by getBuiltinModule",
      "src/store/b.ts",
      'process.getBuiltinModule("node:zlib");',
      "asks for node:zlib",
    ],
    [
      "a Node module through another function",
      "src/store/b.ts",
      'const zlib = nodeModule("node:zlib");',
      "asks for node:zlib",
    ],
    [
      "an implementation that imports another",
      "src/store/memory-store.ts",
      'import "./file-store.ts";',
      "another implementation",
    ],
    [
      "an implementation that reaches another",
      "src/store/fill-chunks.ts",
      'import "./file-store.ts";',
      "another implementation",
    ],
    ["a file of 401 lines", "src/store/b.ts", "//\n".repeat(401), "401 lines"],
  ])("%s", (_what, file, text, sentence) => {
    const violations = findViolations(new Map([...sound, [file, text]]), soundRules);
    expect(violations.join("\n")).toContain(sentence);
  });

  it("a cycle through several files", () => {
    const cyclic = new Map([...sound, ["src/util/a.ts", 'import "./b.ts";'], ["src/util/b.ts", 'import "./a.ts";']]);
    expect(findViolations(cyclic, soundRules)).toHaveLength(2);
  });

  it("a folder of 21 files", () => {
    const files = Array.from({ length: 21 }, (_, index) => [`src/util/${index}.ts`, "export {};"] as const);
    expect(findViolations(new Map([...sound, ...files.slice(1)]), soundRules)).toEqual([]);
    expect(findViolations(new Map([...sound, ...files]), soundRules)).toEqual([
      "src/util has 21 files, more than 20. Give some of them a room.",
    ]);
  });

  it("a row for a room that is gone", () => {
    const rooms = new Map([...soundRules.rooms, ["store/tape", []]]);
    expect(findViolations(sound, { ...soundRules, rooms })).toEqual([
      "The table of rooms has a row for store/tape, where there are no files.",
    ]);
  });

  it("an exception for a file that is gone", () => {
    expect(findViolations(sound, { ...soundRules, longFiles: new Set(["src/gone.ts"]) })).toHaveLength(1);
  });

  it("a table in which a folder may import one below it", () => {
    const markdown = "<!-- executed: layers -->\n| folder | may import |\n|---|---|\n| errors | util |\n| util | |\n";
    expect(() => parseArchitectureRules(markdown)).toThrow("no earlier row declares");
  });
});

it("an import in a comment or a string is no import", () => {
  const text =
    '/** import { a } from "../store/store.ts"; */\n * new URL("./a.ts", import.meta.url)\nconst b = "import(\\"../store/store.ts\\")";\n';
  expect(readImports("src/errors/b.ts", text).local).toEqual([]);
});
