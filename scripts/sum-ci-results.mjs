// @ts-check
// Adds up what the steps of .ci/run left in a folder: `NAME.exit` for each, and for those that ran
// vitest `NAME.json`. Ends with the line "N passed, N failed, N skipped", and fails when anything
// failed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";

/**
 * @typedef {{ status: string, fullName: string }} Test
 * @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} TestFile
 * @typedef {{ passed: number, skipped: number, failures: string[] }} Sum
 */

const folder = process.argv[2] ?? ".";
const steps = readdirSync(folder).flatMap((name) => (name.endsWith(".exit") ? [name.slice(0, -".exit".length)] : []));
const sums = steps.sort().map((step) => ({ step, ...sumStep(step) }));
for (const { step, passed, failures, skipped } of sums) {
  const verdict = failures.length === 0 ? styleText("green", "ok    ") : styleText("red", "failed");
  console.log(`${verdict} ${step.padEnd(26)} ${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  for (const failure of failures) console.log(`         ${failure}`);
}
const passed = sums.reduce((total, sum) => total + sum.passed, 0);
const failed = sums.reduce((total, sum) => total + sum.failures.length, 0);
const skipped = sums.reduce((total, sum) => total + sum.skipped, 0);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (failed > 0 || passed === 0) process.exitCode = 1;

/**
 * @param {string} step
 * @returns {Sum}
 */
function sumStep(step) {
  const exitCode = readFileSync(join(folder, `${step}.exit`), "utf8").trim();
  const report = join(folder, `${step}.json`);
  const sum = existsSync(report) ? sumReport(JSON.parse(readFileSync(report, "utf8"))) : undefined;
  const ended = `the step ended with exit code ${exitCode}`;
  if (sum === undefined) {
    return exitCode === "0" ? { passed: 1, skipped: 0, failures: [] } : { passed: 0, skipped: 0, failures: [ended] };
  }
  if (sum.passed === 0) sum.failures.push("no test was run");
  if (exitCode !== "0" && sum.failures.length === 0) sum.failures.push(ended);
  return sum;
}

/**
 * @param {{ testResults: TestFile[] }} report
 * @returns {Sum}
 */
function sumReport(report) {
  /** @type {Sum} */
  const sum = { passed: 0, skipped: 0, failures: [] };
  for (const file of report.testResults) {
    const before = sum.failures.length;
    for (const test of file.assertionResults) addTest(sum, test);
    if (file.status === "failed" && sum.failures.length === before) sum.failures.push(`${file.name}: ${file.message}`);
  }
  return sum;
}

/**
 * @param {Sum} sum
 * @param {Test} test
 */
function addTest(sum, test) {
  if (test.status === "passed") sum.passed += 1;
  else if (test.status === "failed") sum.failures.push(test.fullName);
  // CI has all services, so what skips there would run nowhere; only an older Node is an excuse,
  // and the title says so.
  else if (/\bNode \d+/.test(test.fullName)) sum.skipped += 1;
  else sum.failures.push(`${test.fullName} (${test.status}, without a Node version in its title)`);
}
