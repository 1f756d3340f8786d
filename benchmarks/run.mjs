// @ts-check
// Builds the package, then runs each benchmark against what was built, in a process of its own:
// `npm run bench [-- [--json] [--huge] [--no-build] [--against REVISION [--rounds N]] [name…]]`.
import { fork, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { root } from "../scripts/bundle.mjs";
import { buildRevision, compareRuns } from "./against.mjs";
import { describeMachine, describeReports, markdownTable } from "./describe-reports.mjs";

/** @typedef {import("./benchmark.ts").BenchmarkReport} BenchmarkReport */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    huge: { type: "boolean", default: false },
    figures: { type: "boolean", default: false },
    build: { type: "boolean", default: true },
    against: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
  allowNegative: true,
});

const known = readdirSync(join(root, "benchmarks")).flatMap((file) => {
  if (!file.endsWith(".ts")) return [];
  const isBenchmark = /^export (async function|function|const) benchmark\b/m.test(
    readFileSync(join(root, "benchmarks", file), "utf8"),
  );
  return isBenchmark ? [file.slice(0, -3)] : [];
});
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark called ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : known;

const busy = describeBusy();
if (values.build) {
  const { status } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(1);
}
const { against } = values;
const folders = [root, ...(against === undefined ? [] : [buildRevision(against)])];
for (const folder of folders) await bundleInto(outFolderOf(folder));

/** @type {BenchmarkReport[]} */
const reports = [];
for (const name of chosen) {
  process.stderr.write(`${name} …\n`);
  const [here, there] = folders.map((folder) => () => runBenchmark(folder, join(outFolderOf(folder), `${name}.js`)));
  if (here === undefined) continue;
  const isAlone = against === undefined || there === undefined;
  reports.push(await (isAlone ? here() : compareRuns(against, Number(values.rounds), [here, there])));
}
for (const folder of folders.reverse()) rmSync(folder === root ? outFolderOf(root) : folder, { recursive: true });

const machine = describeMachine({
  node: process.version,
  platform: `${platform()} ${arch()}`,
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryBytes: totalmem(),
});
if (values.json) console.log(JSON.stringify({ machine, reports }, undefined, 2));
else console.log(`${machine}\n\n${describeReports(reports)}`);
if (busy !== undefined) console.error(busy);
if (values.figures) writeFigures(markdownTable(machine, reports));

/** A machine that also does other work gives wrong figures, so the report says that it was busy. */
function describeBusy() {
  const [load = 0] = loadavg();
  if (load < cpus().length / 4) return undefined;
  return `This machine was busy when the benchmarks began (load ${load.toFixed(1)} on ${cpus().length} cores): measure again when it is not.`;
}

/** @param {string} folder */
function outFolderOf(folder) {
  return join(folder, "reports", "benchmarks");
}

/**
 * The bundles import the package in whose folder they lie: what was built there, not its source.
 *
 * @param {string} outdir
 */
async function bundleInto(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...chosen.map((name) => `benchmarks/${name}.ts`), ...childrenOf(chosen)],
    outdir,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    tsconfigRaw: "{}",
    logLevel: "warning",
  });
}

/** @param {readonly string[]} names */
function childrenOf(names) {
  return names.map((name) => `benchmarks/${name}-child.ts`).filter((file) => existsSync(join(root, file)));
}

/**
 * @param {string} folder
 * @param {string} file
 * @returns {Promise<BenchmarkReport>}
 */
function runBenchmark(folder, file) {
  return new Promise((resolve, reject) => {
    const child = fork(join(root, "benchmarks", "run-benchmark.mjs"), [file], {
      cwd: folder,
      execArgv: ["--expose-gc"],
      env: { ...process.env, ...(values.huge ? { BENCHMARK_HUGE: "1" } : {}) },
    });
    /** @type {BenchmarkReport | undefined} */
    let report;
    child.on("message", (message) => {
      report = /** @type {BenchmarkReport} */ (message);
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (report !== undefined && code === 0) resolve(report);
      else reject(new Error(`${file} ended with ${code}`));
    });
  });
}

/** @param {string} table */
function writeFigures(table) {
  const file = join(root, "docs/figures.md");
  const begin = "<!-- figures: begin -->";
  const end = "<!-- figures: end -->";
  const text = readFileSync(file, "utf8");
  const start = text.indexOf(begin);
  const stop = text.indexOf(end);
  if (start === -1 || stop < start) throw new Error(`docs/figures.md has no ${begin} and ${end}`);
  writeFileSync(file, `${text.slice(0, start + begin.length)}\n${table}\n${text.slice(stop)}`);
}
