import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImports } from "../support/architecture-rules.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const workspace = realpathSync(mkdtempSync(join(tmpdir(), "persistable-package-")));
const checkout = join(workspace, "checkout");
const project = join(workspace, "project");
const installed = join(project, "node_modules", manifest.name);

// Built and packed in a copy, so that the tests leave the checkout, and whoever is using its dist/, alone.
beforeAll(() => {
  const leftOut = new Set(["node_modules", ".git", "dist", "coverage", "reports", ".stryker-tmp"]);
  cpSync(root, checkout, { recursive: true, filter: (path) => !leftOut.has(basename(path)) });
  run(process.execPath, ["scripts/build.mjs", "--out-dir", join(checkout, "dist")], root);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  const tarballs = [pack(checkout), pack(join(root, "node_modules/@standard-schema/spec"))];
  run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", ...tarballs], project);
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

function pack(folder: string): string {
  const name = run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", workspace], folder).trim();
  return join(workspace, name);
}

function run(command: string, args: readonly string[], cwd: string): string {
  // An outer npm hands its own settings down in npm_* variables; this one belongs to another project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  const result = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    shell: process.platform === "win32" && command === "npm",
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(folder.length + 1).replaceAll("\\", "/")).sort();
}

function builtFiles(ending: string): [string, string][] {
  const names = filesOf(join(installed, "dist")).filter((name) => name.endsWith(ending));
  return names.map((name) => [name, readFileSync(join(installed, "dist", name), "utf8")]);
}

interface CompilerSettings {
  readonly compiler: "typescript" | "typescript-native";
  readonly moduleResolution: "node16" | "bundler";
}

function compileConsumer(source: string, { compiler, moduleResolution }: CompilerSettings): string {
  writeFileSync(join(project, "consumer.mts"), source);
  const compilerOptions = {
    target: "es2023",
    module: moduleResolution === "bundler" ? "esnext" : moduleResolution,
    moduleResolution,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.mts"] }));
  const tsc = join(root, "node_modules", compiler, "bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" }).stdout;
}

describe("the packed package", () => {
  it("holds what is built, the specification and the texts, and nothing of the source or the tests", () => {
    const allowed =
      /^(dist\/(.*\.(js|js\.map|d\.ts)|THIRD-PARTY-LICENSES\.txt)|spec\/.*|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
    const files = filesOf(installed);
    expect(files.filter((name) => !allowed.test(name))).toEqual([]);
    for (const text of ["README.md", "CHANGELOG.md", "LICENSE"]) {
      if (existsSync(join(root, text))) expect(files).toContain(text);
    }
  });

  it("brings its one dependency and no other package", () => {
    const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
    const packages = Object.keys(lock.packages).filter((path) => path !== "");
    expect(packages.sort()).toEqual(["node_modules/@standard-schema/spec", "node_modules/persistable-ts"]);
  });

  it("imports nothing but Node, itself and its dependencies", () => {
    const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    for (const [name, text] of [...builtFiles(".js"), ...builtFiles(".d.ts")]) {
      expect(readImports(name, text).external.filter((specifier) => !declared.includes(specifier))).toEqual([]);
    }
  });

  it("has each class once, however many entry points use it", () => {
    const all = builtFiles(".js").map(([, text]) => text);
    expect(all.join("\n").match(/\b(?:PersistableError = class|class PersistableError)\b/g)).toHaveLength(1);
  });

  it("names no path of the machine that built it", () => {
    for (const [name, text] of builtFiles("")) {
      expect([name, text.includes(root), text.includes(workspace)]).toEqual([name, false, false]);
    }
  });

  it("lets every entry point be imported by its name, without any peer but where it is made for one", () => {
    for (const [entry, target] of Object.entries(manifest.exports)) {
      if (entry === "./opentelemetry") continue;
      const specifier = join(manifest.name, entry).replaceAll("\\", "/");
      if (typeof target === "string") {
        expect(existsSync(join(installed, target))).toBe(true);
      } else {
        const program = `console.log(Object.keys(await import(${JSON.stringify(specifier)})).length)`;
        expect(Number(run(process.execPath, ["--input-type=module", "--eval", program], project))).toBeGreaterThan(0);
      }
    }
  });
});

describe("a project that uses the packed package", () => {
  beforeAll(() => {
    for (const peer of Object.keys(manifest.peerDependencies)) {
      mkdirSync(join(project, "node_modules", peer, ".."), { recursive: true });
      symlinkSync(join(root, "node_modules", peer), join(project, "node_modules", peer), "junction");
    }
  });

  it("traces with the API that it has installed", () => {
    const program = 'console.log(typeof (await import("persistable-ts/opentelemetry")).traceRun)';
    expect(run(process.execPath, ["--input-type=module", "--eval", program], project).trim()).toBe("function");
  });

  const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");
  const imports = entries.map(
    (entry, index) => `export * as entry${index} from "${join(manifest.name, entry).replaceAll("\\", "/")}";`,
  );
  const use = `import { PersistableError } from "persistable-ts";
    export const codeOf = (error: PersistableError): string => error.code;`;

  it.each<CompilerSettings>([
    { compiler: "typescript", moduleResolution: "node16" },
    { compiler: "typescript-native", moduleResolution: "node16" },
    { compiler: "typescript-native", moduleResolution: "bundler" },
  ])("type-checks with $compiler under $moduleResolution resolution, the declarations included", (settings) => {
    expect(compileConsumer([...imports, use].join("\n"), settings)).toBe("");
  });

  it("hears from the compiler when it uses it wrongly", () => {
    const wrong = use.replace("): string", "): number");
    expect(compileConsumer(wrong, { compiler: "typescript-native", moduleResolution: "node16" })).toContain("TS2322");
  });

  it("can point a debugger at the source", () => {
    const maps = builtFiles(".js.map").map(([, text]) => JSON.parse(text) as { sourcesContent: string[] });
    const sources = maps.flatMap((map) => map.sourcesContent).join("\n");
    expect(sources).toContain("export abstract class PersistableError extends Error");
  });
});
