// @ts-check
// Two commits side by side: the benchmarks of this checkout, run in turns against what is built
// here and against what an earlier commit builds.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/bundle.mjs";

/** @typedef {import("./benchmark.ts").BenchmarkReport} BenchmarkReport */
/** @typedef {import("./benchmark.ts").BenchmarkRow} BenchmarkRow */

/**
 * Puts a commit into a folder of its own and builds it there. It uses the installed packages of
 * this checkout.
 *
 * @param {string} revision
 * @returns {string} the folder
 */
export function buildRevision(revision) {
  const folder = join(root, "reports", "against");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = run("git", ["archive", "--format=tar", revision], root).stdout;
  run("tar", ["-x"], folder, archive);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  run("npm", ["run", "--silent", "build"], folder);
  return folder;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {Buffer} [input]
 */
function run(command, args, cwd, input) {
  const ended = spawnSync(command, args, { cwd, input, maxBuffer: 2 ** 30, stdio: ["pipe", "pipe", "inherit"] });
  if (ended.status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${ended.status ?? ended.error}`);
  return ended;
}

/**
 * Runs a benchmark several times in both folders, and returns the lowest figure of each case, here
 * and there. What disturbs a run makes its figures higher, never lower.
 *
 * @param {string} revision
 * @param {number} rounds
 * @param {readonly [here: () => Promise<BenchmarkReport>, there: () => Promise<BenchmarkReport>]} runs
 * @returns {Promise<BenchmarkReport>}
 */
export async function compareRuns(revision, rounds, [here, there]) {
  /** @type {BenchmarkReport[]} */
  const nows = [];
  /** @type {BenchmarkReport[]} */
  const thens = [];
  for (let round = 0; round < rounds; round++) {
    const turns = [async () => nows.push(await here()), async () => thens.push(await there())];
    // Neither of them always runs first.
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const earlier = bestRows(thens);
  const rows = [...bestRows(nows).values()].map((now) => {
    const { case: what, unit, ours } = now;
    const then = earlier.get(what);
    return { case: what, unit, ours, ...(then === undefined ? {} : comparison(revision, now, then)) };
  });
  return {
    name: nows[0]?.name ?? "",
    rows,
    notes: [`The best of ${rounds} runs of each, in turns; "ours" is this checkout.`],
  };
}

/**
 * @param {string} revision
 * @param {BenchmarkRow} now
 * @param {BenchmarkRow} then
 */
function comparison(revision, now, then) {
  return {
    peer: revision,
    peerValue: then.ours,
    ratio: now.ours / then.ours,
    ...(now.low === undefined || then.low === undefined ? {} : { low: now.low, lowRatio: now.low / then.low }),
    ...(now.cpu === undefined || then.cpu === undefined ? {} : { cpu: now.cpu, cpuRatio: now.cpu / then.cpu }),
  };
}

/**
 * The best of our own figures for each case, whichever peer it stands beside.
 *
 * @param {readonly BenchmarkReport[]} reports
 * @returns {ReadonlyMap<string, BenchmarkRow>}
 */
function bestRows(reports) {
  /** @type {Map<string, BenchmarkRow>} */
  const best = new Map();
  for (const row of reports.flatMap((report) => report.rows)) {
    const known = best.get(row.case);
    if (known === undefined) {
      best.set(row.case, row);
      continue;
    }
    // Of a throughput, more is better.
    const ours = row.unit.endsWith("/s") ? Math.max(row.ours, known.ours) : Math.min(row.ours, known.ours);
    best.set(row.case, { ...row, ours, ...lower("low", row, known), ...lower("cpu", row, known) });
  }
  return best;
}

/**
 * @param {"low" | "cpu"} key
 * @param {BenchmarkRow} row
 * @param {BenchmarkRow} known
 */
function lower(key, { [key]: one }, { [key]: other }) {
  return one === undefined || other === undefined ? {} : { [key]: Math.min(one, other) };
}
