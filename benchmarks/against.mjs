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
  const rows = [...bestRows(nows).values()].flatMap(({ case: what, unit, ours }) => {
    const then = earlier.get(what)?.ours;
    return [{ case: what, unit, ours, ...(then === undefined ? {} : comparison(revision, ours, then)) }];
  });
  return {
    name: nows[0]?.name ?? "",
    rows,
    notes: [`The best of ${rounds} runs of each, in turns; "ours" is this checkout.`],
  };
}

/**
 * @param {string} revision
 * @param {number} now
 * @param {number} then
 */
function comparison(revision, now, then) {
  return { peer: revision, peerValue: then, ratio: now / then };
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
    // Of a throughput, more is better.
    const isBetter = known === undefined || (row.unit.endsWith("/s") ? row.ours > known.ours : row.ours < known.ours);
    if (isBetter) best.set(row.case, row);
  }
  return best;
}
