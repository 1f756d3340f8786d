import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";

/** `BENCHMARK_ARTIFACTS=10000,50000` chooses other numbers. */
const COUNTS = (
  process.env.BENCHMARK_ARTIFACTS ??
  (process.env.BENCHMARK_HUGE === undefined ? "10000,100000" : "10000,100000,1000000")
).split(",");

const child = fileURLToPath(new URL("./catalog-child.js", import.meta.url));

/**
 * Questions to a catalogue of many artifacts, against databases that hold the same rows, in a
 * process for each number of artifacts. The records are written by a helper of the tests, since a
 * run would take hours.
 */
export async function benchmark(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  const notes = new Set([
    "All artifacts have one name.",
    "A database is told of a new artifact; a catalogue finds it.",
  ]);
  for (const count of COUNTS) {
    const report = await measure(count);
    rows.push(...report.rows);
    for (const note of report.notes ?? []) notes.add(note);
  }
  return { name: "catalog", rows, notes: [...notes] };
}

function measure(count: string): Promise<BenchmarkReport> {
  return new Promise((resolve, reject) => {
    fork(child, ["measure", count], { execArgv: ["--expose-gc"] })
      .on("message", (report) => resolve(report as BenchmarkReport))
      .on("error", reject)
      .on("exit", (code) => reject(new Error(`The measurement of ${count} artifacts ended with ${code}.`)));
  });
}
