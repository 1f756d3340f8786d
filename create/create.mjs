#!/usr/bin/env node
// @ts-check
// `npm create persistable-ts my-study`: a folder with a pipeline, as `persistable init` writes it,
// and a package.json whose scripts plan, run and show it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const library = createRequire(import.meta.url).resolve("persistable-ts/package.json");
/** @type {{ version: string, bin: { persistable: string } }} */
const { version, bin } = JSON.parse(readFileSync(library, "utf8"));

const usage = "npm create persistable-ts FOLDER, with -- --no-install where npm must not install anything";
const { folder, installs } = readArguments();
if (existsSync(join(folder, "package.json"))) {
  refuse(`${folder} is a project already. There, run: npm install persistable-ts && npx persistable init`);
}
if (existsSync(join(folder, "pipeline.ts"))) refuse(`${join(folder, "pipeline.ts")} is there already.`);
mkdirSync(folder, { recursive: true });
run(process.execPath, [join(dirname(library), bin.persistable), "init", "pipeline.ts"], "ignore");
const target = "pipeline.ts report threshold=1,2,3 points.n=1000";
const manifest = {
  name:
    basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, "-")
      .replace(/^[._-]+/, "") || "study",
  private: true,
  type: "module",
  scripts: {
    plan: `persistable plan ${target}`,
    study: `persistable run ${target}`,
    explore: "persistable explore",
  },
  dependencies: { "persistable-ts": `^${version}` },
  devDependencies: { tsx: "^4.23.15" },
};
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(folder, ".gitignore"), "node_modules/\npersistable-data/\n");
if (installs) run("npm", ["install", "--no-audit", "--no-fund"], "inherit");

console.log(`${folder} has a pipeline. Next:`);
console.log(`  cd ${JSON.stringify(folder)}`);
if (!installs) console.log("  npm install");
console.log("  npm run plan      # what is missing, and why");
console.log("  npm run study     # makes it, and keeps it");
console.log("  npm run explore   # shows it in the browser");

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { "no-install": { type: "boolean", default: false } },
    });
    const [name = "", ...more] = positionals;
    if (name === "" || more.length > 0) refuse(`Say into which folder: ${usage}`);
    return { folder: resolve(name), installs: !values["no-install"] };
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\nUsage: ${usage}`);
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {"ignore" | "inherit"} stdout
 */
function run(command, args, stdout) {
  const { status, error } = spawnSync(command, args, {
    cwd: folder,
    stdio: ["ignore", stdout, "inherit"],
    shell: process.platform === "win32" && command === "npm",
  });
  if (status !== 0) refuse(`${command} ${args.join(" ")} failed in ${folder}${error ? `: ${error.message}` : "."}`);
}

/**
 * @param {string} why
 * @returns {never}
 */
function refuse(why) {
  console.error(why);
  process.exit(1);
}
