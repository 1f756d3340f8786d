// @ts-check
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { rolldown } from "rolldown";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** @type {{ exports: Record<string, string | { types: string, default: string }> }} */
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** Small libraries whose code goes into the package, so that its users install nothing for them. */
export const bundledPackages = [
  "@stricli/core",
  "csv-parse",
  "csv-stringify",
  "fflate",
  "string-width",
  "strip-ansi",
  "ansi-regex",
  "get-east-asian-width",
  "zstddec",
];

/**
 * Every entry point, as users name it, and its source, found through the exports map:
 * `./dist/entry/testing.js` is made of `src/entry/testing.ts`.
 */
export const entryPoints = Object.entries(exports).flatMap(([entry, target]) => {
  if (typeof target === "string") return [];
  const name = target.default.replace(/^\.\/dist\/(.*)\.js$/, "$1");
  return [{ specifier: `persistable-ts${entry.slice(1)}`, name, source: `src/${name}.ts` }];
});

/** The command, and what the command of another copy of this package takes over with. */
const commandFiles = ["entry/bin/persistable", "entry/bin/command"];

/**
 * A bundled library may import `stream` where we write `node:stream`; Deno knows only the latter.
 *
 * @type {import("rolldown").Plugin}
 */
const nodePrefix = {
  name: "node-prefix",
  resolveId: (id) => (isShortBuiltin(id) ? { id: `node:${id}`, external: true } : undefined),
};

/** @param {string} id */
function isShortBuiltin(id) {
  return isBuiltin(id) && !id.startsWith("node:");
}

/**
 * Everything that the main entry point imports is one file, because every file that an import opens
 * costs start-up time: one instead of ten saves a third of it. What is imported on first use is a
 * file of its own, and other entry points share both.
 *
 * @returns {Promise<{ chunks: import("rolldown").OutputChunk[], warnings: string[] }>}
 */
export async function bundle() {
  /** @type {string[]} */
  const warnings = [];
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries([
      ...entryPoints.map(({ name, source }) => [name, source]),
      ...commandFiles.map((name) => [name, `src/${name}.ts`]),
    ]),
    platform: "node",
    external: (id) => /^[^./]/.test(id) && !bundledPackages.includes(packageOf(id)) && !isShortBuiltin(id),
    plugins: [nodePrefix],
    transform: { target: "node20.19" },
    onLog: (_level, { message }) => {
      warnings.push(stripVTControlCharacters(message));
    },
  });
  const { output } = await build.generate({
    dir: "dist",
    comments: { jsdoc: false },
    minifyInternalExports: false,
    chunkFileNames: "chunks/[name]-[hash].js",
    codeSplitting: {
      groups: [
        { name: "core", test: /src\/entry\/index\.ts$|rolldown\/runtime/, includeDependenciesRecursively: true },
      ],
    },
  });
  await build.close();
  return { chunks: output.filter((file) => file.type === "chunk"), warnings };
}

/** @param {string} specifier */
function packageOf(specifier) {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
