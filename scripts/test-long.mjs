// @ts-check
// Runs the tests whose loops are short by default (kills, crashes, schedules, fuzzing) with their
// full counts: `npm run test:long`. A count given in the environment wins:
// `PERSISTABLE_TEST_KILLS=7000 npm run test:long`.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundle.mjs";

/**
 * The counts of a full run. Every test reads its own from the environment, with a small default.
 *
 * @type {Record<string, number>}
 */
const fullCounts = {
  PERSISTABLE_FUZZ_RUNS: 40_000,
  PERSISTABLE_LAYERED_MODEL_SEEDS: 1_000,
  PERSISTABLE_LAYERED_SEEDS: 2_000,
  PERSISTABLE_MUTATIONS: 1_000_000,
  PERSISTABLE_NETWORK_ROUNDS: 60,
  PERSISTABLE_TABLE_RUNS: 3_000,
  // More than there are answers to break.
  PERSISTABLE_TEST_BROKEN_ANSWERS: 10_000,
  // Milliseconds.
  PERSISTABLE_TEST_BUSY_MS: 60_000,
  PERSISTABLE_TEST_CALLS: 30_000,
  PERSISTABLE_TEST_COLLECTED_ROUNDS: 100,
  // More than a small artifact has bits: each is flipped.
  PERSISTABLE_TEST_DAMAGES: 1_000_000,
  PERSISTABLE_TEST_EMBEDDED_VALUES: 5_000,
  // More than any operation has system calls.
  PERSISTABLE_TEST_FAULTS: 1_000_000,
  PERSISTABLE_TEST_INDEX_ARTIFACTS: 100_000,
  PERSISTABLE_TEST_INDEX_KILLS: 100,
  // 240 nodes.
  PERSISTABLE_TEST_KILLED_DIAMONDS: 60,
  PERSISTABLE_TEST_KILLED_WORKERS: 8,
  PERSISTABLE_TEST_KILLS: 1_000,
  PERSISTABLE_TEST_KILL_ROUNDS: 5,
  PERSISTABLE_TEST_LEASE_KILLS: 300,
  PERSISTABLE_TEST_LEASE_SEEDS: 10_000,
  PERSISTABLE_TEST_MODEL_CALLS: 20_000,
  PERSISTABLE_TEST_NEAREST_ARTIFACTS: 100_000,
  PERSISTABLE_TEST_NEAREST_CASES: 1_000,
  PERSISTABLE_TEST_NEAREST_ROWS: 30_000,
  PERSISTABLE_TEST_NEAREST_TARGETS: 2_000,
  PERSISTABLE_TEST_PLAN_GRAPHS: 20_000,
  PERSISTABLE_TEST_PROTOCOL_SEEDS: 10_000,
  PERSISTABLE_TEST_MAP_KILLS: 100,
  PERSISTABLE_TEST_QUEUE_DIAMONDS: 225,
  PERSISTABLE_TEST_QUEUE_KILLS: 20,
  PERSISTABLE_TEST_QUEUE_NODES: 60_000,
  PERSISTABLE_TEST_REPLACED_READS: 3_000,
  PERSISTABLE_TEST_RUN_KILLS: 200,
  PERSISTABLE_TEST_RUN_NODES: 1_000,
  PERSISTABLE_TEST_SCHEDULES: 20_000,
  PERSISTABLE_TEST_SFTP_ROUNDS: 300,
  PERSISTABLE_TEST_SIMULATION_SEEDS: 10_000,
  // Diamonds: 100,000 nodes.
  PERSISTABLE_TEST_TINY_DIAMONDS: 25_000,
  PERSISTABLE_TEST_WORKER_KILLS: 30,
};

const notCounts = [
  "PERSISTABLE_DATA_DIR",
  "PERSISTABLE_LAST_USE",
  "PERSISTABLE_LAYERED_MODEL_FIRST",
  "PERSISTABLE_NETWORK_SEED",
  "PERSISTABLE_NODES",
  "PERSISTABLE_TEST_BUILT",
  "PERSISTABLE_WRITE_VECTORS",
];

const read = new Map(findTests().map((file) => [file, countsReadBy(file)]));
const names = new Set([...read.values()].flat());
const unknown = [...names].filter((name) => !(name in fullCounts));
const unused = Object.keys(fullCounts).filter((name) => !names.has(name));
if (unknown.length > 0 || unused.length > 0) {
  if (unknown.length > 0) console.error(`Give a full count to ${unknown.join(", ")} in scripts/test-long.mjs.`);
  if (unused.length > 0) console.error(`No test reads ${unused.join(", ")}: take it out of scripts/test-long.mjs.`);
  process.exit(1);
}
// Where CI gives no count of its own, it would take the full one, and hours.
const ci = readFileSync(join(root, ".ci/run"), "utf8");
const fullInCi = Object.keys(fullCounts).filter((name) => !ci.includes(`${name}=`));
if (fullInCi.length > 0) {
  console.error(`Give a smaller count to ${fullInCi.join(", ")} in .ci/run.`);
  process.exit(1);
}
// `npm run check` asks only whether each count is known: the tests themselves take a quarter of an
// hour.
if (process.argv.includes("--check-counts")) process.exit(0);

// The tests try every case that they list, and not a share of them.
/** @type {NodeJS.ProcessEnv} */
const env = { PERSISTABLE_TEST_ALL_CASES: "1", ...process.env };
for (const [name, count] of Object.entries(fullCounts)) {
  env[name] ??= String(count);
  console.log(`${name}=${env[name]}`);
}
const tests = [...read].flatMap(([file, counts]) => (counts.length > 0 ? [file] : []));
if (tests.length === 0) {
  console.error("No test reads a PERSISTABLE_ count from the environment.");
  process.exit(1);
}
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const args = [vitest, "run", "--testTimeout=5000000", ...tests, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
process.exitCode = status ?? 1;

function findTests() {
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" });
  return files.filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name.replaceAll("\\", "/")}`);
}

/**
 * The counts that a test reads.
 *
 * @param {string} file
 */
function countsReadBy(file) {
  const text = readFileSync(join(root, file), "utf8");
  const names = [...text.matchAll(/\bprocess\.env\.(PERSISTABLE_[A-Z0-9_]+)/g)].map((match) => match[1] ?? "");
  return names.filter((name) => !notCounts.includes(name));
}
