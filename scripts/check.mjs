// @ts-check
// Everything that is checked without running the library: `npm run check`, or `npm run check -- lint unused` for some of it.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { root } from "./bundle.mjs";

const packed = mkdtempSync(join(tmpdir(), "persistable-check-"));

/** @type {Record<string, { what: string, commands: (() => string[])[] }>} */
const steps = {
  types: {
    what: "types, source and tests, with TypeScript 6",
    commands: [() => [bin("typescript/bin/tsc"), "-p", "."]],
  },
  "types-native": {
    what: "the same with the native TypeScript 7",
    commands: [() => [bin("typescript-native/bin/tsc"), "-p", "."]],
  },
  lint: {
    what: "rules and format (Biome)",
    commands: [() => [bin("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", "--max-diagnostics=100", "."]],
  },
  layers: {
    what: "who imports whom, against ARCHITECTURE.md",
    commands: [() => [bin("vitest/vitest.mjs"), "run", "--reporter=dot", "test/architecture.test.ts"]],
  },
  unused: {
    what: "unused files, exports and dependencies (knip)",
    commands: [() => [bin("knip/bin/knip.js"), "--no-progress"]],
  },
  size: {
    what: "what an import loads",
    commands: [() => ["scripts/check-size.mjs"]],
  },
  package: {
    what: "the packed package (publint, attw)",
    commands: [
      () => ["scripts/build.mjs"],
      () => [npm(), "pack", "--silent", "--ignore-scripts", "--pack-destination", packed],
      () => [bin("publint/src/cli.js"), "--strict", tarball()],
      () => [
        bin("@arethetypeswrong/cli/dist/index.js"),
        "--profile",
        "esm-only",
        "--no-emoji",
        "--no-color",
        tarball(),
      ],
    ],
  },
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`No step is called ${unknown.join(", ")}. There are: ${Object.keys(steps).join(", ")}.`);
  process.exit(2);
}

/** @type {string[]} */
const failed = [];
try {
  for (const [name, step] of Object.entries(steps)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const startedMs = performance.now();
    const output = await runAll(step.commands);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    if (output === undefined) {
      console.log(`${styleText("green", "ok    ")} ${name.padEnd(13)} ${step.what} (${seconds} s)`);
    } else {
      failed.push(name);
      console.log(
        `${styleText("red", "failed")} ${name.padEnd(13)} ${step.what} (${seconds} s)\n${output.trimEnd()}\n`,
      );
    }
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.log(`${failed.join(", ")} failed. Run one alone with: npm run check -- ${failed[0]}`);
  process.exitCode = 1;
}

/**
 * What the first failing command said; undefined when all of them succeed.
 *
 * @param {(() => string[])[]} commands
 */
async function runAll(commands) {
  for (const command of commands) {
    const { code, output } = await run(command());
    if (code !== 0) return output || `It ended with exit code ${code} and no word.`;
  }
  return undefined;
}

/**
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}

/** @param {string} path */
function bin(path) {
  return join(root, "node_modules", path);
}

/** The npm that runs this script: on Windows the command is no program of its own. */
function npm() {
  const path = process.env.npm_execpath;
  if (path === undefined) throw new Error("Run this through npm: npm run check");
  return path;
}

function tarball() {
  const [name] = readdirSync(packed);
  if (name === undefined) throw new Error("npm pack made no file.");
  return join(packed, name);
}
