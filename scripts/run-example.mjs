// @ts-check
// `npm run example -- thumbnails`: the program of examples/thumbnails, with the options that
// follow. Its artifacts lie in examples/thumbnails/data, or where `--data-dir` says, and are found
// there the next time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { entryPoints, root } from "./bundle.mjs";

const [name = "", ...options] = process.argv.slice(2);
const names = readdirSync(join(root, "examples")).filter((each) => existsSync(join(root, "examples", each, "main.ts")));
if (!names.includes(name)) {
  console.error(`Say which example: npm run example -- ${names.join(" | ")}`);
  process.exit(2);
}
const example = join(root, "examples", name);

await build({
  absWorkingDir: root,
  entryPoints: [join(example, "main.ts")],
  outfile: join(example, "build/main.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  alias: Object.fromEntries(entryPoints.map(({ specifier, source }) => [specifier, join(root, source)])),
  logLevel: "warning",
});

const args = [join(example, "build/main.mjs"), "--data-dir", join(example, "data"), ...options];
const child = spawn(process.execPath, args, { stdio: "inherit" });
// Ctrl-C goes to both: the run ends tidily by itself, and this process with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
const [exitCode] = await once(child, "close");
process.exitCode = exitCode ?? 130;
