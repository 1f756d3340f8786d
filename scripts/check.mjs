// @ts-check
// Runs every script of package.json that is called `check:…`, two at a time, and tells of each in a
// line when it has ended; `npm run check -- lint unused` runs some of them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { styleText } from "node:util";
import { root } from "./bundle.mjs";

/** @type {{ scripts: Record<string, string> }} */
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const prefix = "check:";
const checks = Object.keys(scripts).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
const chosen = process.argv.length > 2 ? process.argv.slice(2) : checks;

const unknown = chosen.filter((check) => !checks.includes(check));
if (unknown.length > 0) {
  console.error(`There is no check called ${unknown.join(", ")}; there are ${checks.join(", ")}.`);
  process.exit(2);
}

/** @type {string[]} */
const failed = [];
const waiting = [...chosen];
// Checking the types takes one core for as long as most of the others together.
await Promise.all([runWaiting(), runWaiting()]);

if (failed.length > 0) {
  console.log(
    `${failed.length} of ${chosen.length} checks failed: ${failed.join(", ")}. One alone: npm run check:${failed[0]}`,
  );
  process.exitCode = 1;
}

async function runWaiting() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await runCheck(check);
}

/** @param {string} check */
async function runCheck(check) {
  const command = /** @type {string} */ (scripts[prefix + check]);
  const startedMs = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const verdict = code === 0 ? styleText("green", "ok    ") : styleText("red", "failed");
  console.log(`${verdict} ${check.padEnd(13)} ${seconds.padStart(5)} s  ${styleText("dim", command)}`);
  if (code === 0) return;
  failed.push(check);
  console.log(`${output.trimEnd()}\n`);
}

/**
 * @param {string} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command) {
  const env = { ...process.env, PATH: join(root, "node_modules/.bin") + delimiter + process.env.PATH };
  return new Promise((resolve, reject) => {
    const child = spawn(command, { cwd: root, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
