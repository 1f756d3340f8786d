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
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import * as vite from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { readImports } from "../support/architecture-rules.ts";
import { installTarballs, runCommand } from "../support/pack-package.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const workspace = realpathSync(mkdtempSync(join(tmpdir(), "persistable-package-")));
const project = join(workspace, "project");
const installed = join(project, "node_modules", manifest.name);

beforeAll(() => {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  installTarballs(project, inject("tarballs"));
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

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
      /^(dist\/(.*\.(js|d\.ts)|explorer\/.*\.(html|css|svg)|(explorer\/)?THIRD-PARTY-LICENSES\.txt)|spec\/.*|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
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
      // The security policy of the page lets a browser load nothing but the page's own files.
      if (name.includes("explorer/assets/")) continue;
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

  it("has a command that runs what a module exports", () => {
    const command = join(project, "node_modules/.bin/persistable");
    expect(runCommand(command, ["--version"], project)).toBe(`${manifest.version}\n`);
    runCommand(command, ["init", "pipeline.mjs"], project);
    const made = runCommand(command, ["run", "pipeline.mjs", "report", "threshold=2", "points.n=100"], project);
    expect(made).toMatch(/^report\/[0-9a-f]{64}\n$/);
  });

  it("lets every entry point be imported by its name, without any peer but where it is made for one", () => {
    for (const [entry, target] of Object.entries(manifest.exports)) {
      if (entry === "./opentelemetry") continue;
      const specifier = join(manifest.name, entry).replaceAll("\\", "/");
      if (typeof target === "string") {
        expect(existsSync(join(installed, target))).toBe(true);
      } else {
        const program = `console.log(Object.keys(await import(${JSON.stringify(specifier)})).length)`;
        expect(
          Number(runCommand(process.execPath, ["--input-type=module", "--eval", program], project)),
        ).toBeGreaterThan(0);
      }
    }
  });
});

/** The report of a program that uses every part, if all of it works and no peer is installed. */
const everyPart = {
  planned: 6,
  generated: 6,
  hits: 3,
  rows: 3,
  types: true,
  items: "ab",
  table: "x",
  missing: "PERSISTABLE_MISSING_PEER",
  bucket: "PERSISTABLE_MISSING_PEER",
};

/** Runs a program where nothing is installed, and gives what it tells. */
function playIn(folder: string, command: string, args: readonly string[]): unknown {
  const told = JSON.parse(runCommand(command, args, folder).trim().split("\n").at(-1) ?? "null") as Record<
    string,
    unknown
  >;
  return { ...told, rows: told.rows ?? told.hits };
}

describe("a program that uses the packed package, in a folder without peers and without settings", () => {
  const program = join(project, "every-part.mjs");
  const bare = join(workspace, "bare");
  beforeAll(() => {
    cpSync(join(root, "test/package/programs"), project, { recursive: true });
    mkdirSync(bare);
    writeFileSync(join(bare, "package.json"), '{ "type": "module" }\n');
  });

  it("runs on Node", () => {
    expect(playIn(project, process.execPath, [program])).toEqual(everyPart);
  });

  it.each(["esm", "cjs"] as const)("is bundled by esbuild as %s, without a word", async (format) => {
    const outfile = join(bare, `esbuild.${format === "esm" ? "mjs" : "cjs"}`);
    const { warnings } = await esbuild.build({
      entryPoints: [program],
      bundle: true,
      platform: "node",
      format,
      outfile,
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    expect(playIn(bare, process.execPath, [outfile])).toEqual(everyPart);
  });

  it("is bundled by Rolldown", async () => {
    const bundle = await rolldown({ input: program, platform: "node", onLog: () => {} });
    await bundle.write({ dir: join(bare, "rolldown") });
    await bundle.close();
    expect(playIn(bare, process.execPath, [join(bare, "rolldown/every-part.js")])).toEqual(everyPart);
  });

  it.each([undefined, true] as const)("is bundled by Vite for a server, noExternal: %s", async (noExternal) => {
    // Where the library stays outside, the bundle lies where it finds it.
    const outDir = join(noExternal === true ? bare : project, `vite-${noExternal}`);
    const build = { ssr: program, outDir, emptyOutDir: true, minify: true };
    await vite.build({
      root: project,
      configFile: false,
      logLevel: "silent",
      ssr: noExternal === true ? { noExternal } : {},
      build,
    });
    expect(playIn(outDir, process.execPath, [join(outDir, "every-part.js")])).toEqual(everyPart);
  });

  it("compiles without the types of Node, its declarations included", () => {
    const folder = join(project, "without-node");
    mkdirSync(folder);
    const withNode = /opentelemetry|s3|azure|gcs|sftp|arrow|avro|parquet|msgpack|encrypted|package\.json/;
    const entries = Object.keys(manifest.exports).filter((entry) => !withNode.test(entry));
    const lines = entries.map((entry, i) => `export * as entry${i} from "persistable-ts${entry.slice(1)}";`);
    writeFileSync(join(folder, "use.ts"), lines.join("\n"));
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022", "dom"],
      module: "esnext",
      moduleResolution: "bundler",
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
    const tsc = join(root, "node_modules/typescript-native/bin/tsc");
    expect(spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" }).stdout).toBe("");
  });

  it.each(["vmThreads", "vmForks"])("passes its tests under vitest with the pool %s", (pool) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", "--root", project, "--globals", `--pool=${pool}`, "on-disk.test.mjs"];
    runCommand(process.execPath, args, project);
  });

  // Installed with the test servers, since they are large: scripts/install-test-servers.sh.
  const tools = join(root, ".servers/node_modules");
  const areInstalled = existsSync(join(tools, "jest")) && existsSync(join(tools, "webpack"));
  if (!areInstalled && process.env.CI === "true")
    throw new Error("These tests need what scripts/install-test-servers.sh installs.");

  describe.skipIf(!areInstalled)("and elsewhere", () => {
    it("passes its tests under Jest, in its mode of modules", () => {
      const settings = { rootDir: project, testMatch: ["**/*.test.mjs"], transform: {} };
      const config = { ...settings, moduleFileExtensions: ["mjs", "js", "json"] };
      const args = ["--experimental-vm-modules", join(tools, "jest/bin/jest.js"), "--config", JSON.stringify(config)];
      runCommand(process.execPath, args, project);
    });

    it("is bundled by webpack, which only warns", async () => {
      const bundler = createRequire(join(tools, "_.js"))("webpack") as Webpack;
      const output = { path: join(bare, "webpack"), filename: "every-part.cjs", chunkFormat: "commonjs" };
      const stats = await new Promise<WebpackStats>((resolve, reject) => {
        const settings = { mode: "production", target: "node20", entry: program, context: project, output };
        bundler(settings, (error, made) => (made === undefined ? reject(error) : resolve(made)));
      });
      expect(stats.compilation.errors.map(({ message }) => message)).toEqual([]);
      expect(playIn(bare, process.execPath, [join(bare, "webpack/every-part.cjs")])).toEqual(everyPart);
    });

    it("is bundled by Rollup", async () => {
      const load = createRequire(join(tools, "_.js"));
      const { rollup } = load("rollup") as { rollup: Rollup };
      const { nodeResolve } = load("@rollup/plugin-node-resolve") as { nodeResolve: () => unknown };
      const bundle = await rollup({ input: program, plugins: [nodeResolve()], onwarn: () => {} });
      await bundle.write({ dir: join(bare, "rollup"), format: "esm" });
      expect(playIn(bare, process.execPath, [join(bare, "rollup/every-part.js")])).toEqual(everyPart);
    });

    const deno = join(tools, "@deno/linux-x64-glibc/deno");
    it.skipIf(!existsSync(deno))("runs on Deno", () => {
      expect(playIn(project, deno, ["run", "-A", program])).toEqual(everyPart);
    });

    const bun = join(tools, "@oven/bun-linux-x64/bin/bun");
    it.skipIf(!existsSync(bun))("runs on Bun, which says which formats it lacks", () => {
      expect(playIn(project, bun, [program])).toEqual({
        ...everyPart,
        structured: expect.stringMatching(/use json\(\), msgpack\(\) or table\(\)/),
      });
    });
  });
});

interface WebpackStats {
  readonly compilation: { readonly errors: readonly { readonly message: string }[] };
}
type Webpack = (settings: object, done: (error: Error | null, stats?: WebpackStats) => void) => void;
type Rollup = (options: object) => Promise<{ write(options: object): Promise<unknown> }>;

describe("a project that uses the packed package", () => {
  beforeAll(() => {
    for (const peer of Object.keys(manifest.peerDependencies)) {
      mkdirSync(join(project, "node_modules", peer, ".."), { recursive: true });
      symlinkSync(join(root, "node_modules", peer), join(project, "node_modules", peer), "junction");
    }
  });

  it("traces with the API that it has installed", () => {
    const program = 'console.log(typeof (await import("persistable-ts/opentelemetry")).traceRun)';
    expect(runCommand(process.execPath, ["--input-type=module", "--eval", program], project).trim()).toBe("function");
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

  it("shows readable code to a debugger, and names no source map", () => {
    const code = builtFiles(".js").map(([, text]) => text);
    expect(code.some((text) => text.includes("PersistableError = class extends Error {\n"))).toBe(true);
    expect(code.filter((text) => text.includes("sourceMappingURL"))).toEqual([]);
  });
});
