// @ts-check
// `node scripts/thumbnails.mjs`: the pictures of examples/thumbnails, which lie in examples/thumbnails/data and are found there the next
// time. `--columns 6`, `--max-side 96` and `--count 24` make another sheet of them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const example = join(root, "examples/thumbnails");

await build({
  absWorkingDir: root,
  entryPoints: [join(example, "main.ts")],
  outfile: join(example, "build/main.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  alias: {
    "persistable-ts/formats/directory": join(root, "src/formats/directory.ts"),
    "persistable-ts/formats/file": join(root, "src/formats/file.ts"),
    "persistable-ts": join(root, "src/index.ts"),
  },
  logLevel: "warning",
});

const args = [join(example, "build/main.mjs"), "--data-dir", join(example, "data"), ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: "inherit" });
// Ctrl-C goes to both: the run ends tidily by itself, and this process with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
const [exitCode] = await once(child, "close");
process.exitCode = exitCode ?? 130;
