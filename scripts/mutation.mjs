// @ts-check
// Mutation testing: `npm run mutation`, or `npm run mutation -- --mutate src/util/safe-name.ts`.
// Stryker brings 150 packages that nothing else needs, so it is fetched when it is first run. It
// lies inside node_modules, so that it finds our vitest.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";

const version = "9.6.1";
const folder = join(root, "node_modules/.mutation");
const stryker = join(folder, "node_modules/@stryker-mutator/core/bin/stryker.js");

if (!existsSync(stryker)) {
  mkdirSync(folder, { recursive: true });
  const packages = ["core", "vitest-runner"].map((name) => `@stryker-mutator/${name}@${version}`);
  run("npm", ["install", "--prefix", folder, "--no-save", "--legacy-peer-deps", ...packages]);
}
run(process.execPath, [stryker, "run", ...process.argv.slice(2)]);

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const shell = process.platform === "win32" && command === "npm";
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], shell });
  if (status !== 0) process.exit(status ?? 1);
}
