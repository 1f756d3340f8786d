// @ts-check
// `npm run example -- thumbnails`: the program of examples/thumbnails, with the options that
// follow. It runs as it does where people take the folder out of the repository: through tsx, with
// the library as it is built. Its artifacts lie in examples/thumbnails/data, or where `--data-dir`
// says, and are found there the next time.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";

const [name = "", ...options] = process.argv.slice(2);
const names = readdirSync(join(root, "examples")).filter((each) => existsSync(join(root, "examples", each, "main.ts")));
if (!names.includes(name)) {
  console.error(`Say which example: npm run example -- ${names.join(" | ")}`);
  process.exit(2);
}
const example = join(root, "examples", name);

const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (built.status !== 0) process.exit(built.status ?? 1);
// What npm would install. A link to the repository itself would be a circle to all that list files.
const installed = join(root, "examples/node_modules/persistable-ts");
mkdirSync(installed, { recursive: true });
copyFileSync(join(root, "package.json"), join(installed, "package.json"));
if (!existsSync(join(installed, "dist"))) symlinkSync(join(root, "dist"), join(installed, "dist"), "junction");

const args = ["--import", "tsx", join(example, "main.ts"), "--data-dir", join(example, "data"), ...options];
// Not the settings of the repository, whose paths lead to the source of the library.
const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, "examples/tsconfig.run.json") };
const child = spawn(process.execPath, args, { stdio: "inherit", env });
// Ctrl-C goes to both: the run ends tidily by itself, and this process with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
const [exitCode] = await once(child, "close");
process.exitCode = exitCode ?? 130;
