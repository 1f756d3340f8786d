// @ts-check
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** @type {{ exports: Record<string, string | { types: string, default: string }> }} */
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** Source of every entry point, found through the exports map: `./dist/testing/index.js` is made of `src/testing/index.ts`. */
const entryPoints = Object.values(exports).flatMap((target) =>
  typeof target === "string" ? [] : [target.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")],
);

/**
 * Bundled, because every file that an import opens costs start-up time; split, so that entry points share their classes
 * and what is imported on first use stays out of the way until then.
 *
 * @param {import("esbuild").BuildOptions} options
 */
export function bundle(options) {
  /** @type {import("esbuild").BuildOptions & { metafile: true }} */
  const all = {
    absWorkingDir: root,
    entryPoints,
    outbase: "src",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
    ...options,
    metafile: true,
  };
  return build(all);
}
