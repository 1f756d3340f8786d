// @ts-check
// `npm run study`: the parameter study of examples/search-study. Its artifacts lie in
// examples/search-study/data and are found there the next time. `-- --write` replaces the table and
// the plot that are checked in, `--license-count 50` makes a small study.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const example = join(root, "examples/search-study");
const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    "data-dir": { type: "string", default: join(example, "data") },
    "out-dir": { type: "string" },
    "license-count": { type: "string" },
  },
});

await build({
  absWorkingDir: root,
  entryPoints: [join(example, "main.ts"), join(example, "evaluation.ts")],
  outdir: join(example, "build"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // The threads import the module of the evaluation, which must not be the one that starts the
  // study.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  alias: {
    "persistable-ts/pipeline": join(root, "src/entry/pipeline.ts"),
    "persistable-ts/display": join(root, "src/entry/display.ts"),
    "persistable-ts": join(root, "src/entry/index.ts"),
  },
  logLevel: "warning",
});

const outDir = options["out-dir"] ?? (options.write ? example : join(example, "data"));
const limit = options["license-count"] === undefined ? [] : ["--license-count", options["license-count"]];
const args = [join(example, "build/main.mjs"), "--data-dir", options["data-dir"], "--out-dir", outDir, ...limit];
const child = spawn(process.execPath, args, { stdio: "inherit" });
// Ctrl-C goes to both: the run ends tidily by itself, and this process with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
const [exitCode] = await once(child, "close");
process.exitCode = exitCode ?? 130;
