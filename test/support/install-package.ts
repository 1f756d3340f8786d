import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The package as `npm install` would put it into a project, as far as its command and the programs
 * of the tests need it.
 *
 * @returns the path of the command
 */
export async function installPackage(project: string): Promise<string> {
  const folder = path.join(project, "node_modules/persistable-ts");
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(root, "package.json"), path.join(folder, "package.json"));
  const { peerDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  await build({
    entryPoints: [
      "index",
      "pipeline",
      "inspect",
      "engine",
      "engines/bullmq",
      "engines/embedded",
      "bin/persistable",
      "bin/command",
    ].map((name) => path.join(root, `src/entry/${name}.ts`)),
    outdir: path.join(folder, "dist/entry"),
    outbase: path.join(root, "src/entry"),
    chunkNames: "../chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
    external: Object.keys(peerDependencies),
  });
  return path.join(folder, "dist/entry/bin/persistable.js");
}
