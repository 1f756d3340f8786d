import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import { median } from "./measure-rounds.ts";
import type { StreamMeasurement } from "./streams-child.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const MEGABYTES = process.env.BENCHMARK_HUGE === undefined ? 2_000 : 20_000;
const ROUNDS = process.env.BENCHMARK_HUGE === undefined ? 3 : 1;
const PEAK_GOAL_MB = 100;

const child = fileURLToPath(new URL("./streams-child.js", import.meta.url));

/**
 * A stream of bytes that no memory would hold: stored while it is generated, then replayed, each in
 * a fresh process.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (dir) => {
    const rows: BenchmarkRow[] = [];
    const measured = new Map<string, StreamMeasurement[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of ["ours", "bare"]) {
        for (const action of ["save", "load"]) {
          const key = `${way} ${action}`;
          measured.set(key, [...(measured.get(key) ?? []), await measure(way, action, dir)]);
        }
        rmSync(`${dir}/${way}`, { recursive: true, force: true });
      }
    }
    const medianOf = (key: string, what: keyof StreamMeasurement): number =>
      median((measured.get(key) ?? []).map((one) => one[what]));
    for (const action of ["save", "load"]) {
      const ours = medianOf(`ours ${action}`, "elapsedMs");
      const peerValue = medianOf(`bare ${action}`, "elapsedMs");
      const what = `${MEGABYTES / 1000} GB stream, ${action === "save" ? "stored" : "replayed"}`;
      const peer = action === "save" ? "pipeline() into a file" : "createReadStream()";
      rows.push({ case: what, ours, unit: "ms", peer, peerValue, ratio: ours / peerValue });
      rows.push({
        case: `${what}, peak memory of the process`,
        ours: medianOf(`ours ${action}`, "peakMegabytes"),
        unit: "MB",
        peer,
        peerValue: medianOf(`bare ${action}`, "peakMegabytes"),
        goal: PEAK_GOAL_MB,
      });
    }
    return { name: "streams", rows };
  });
}

function measure(way: string, action: string, dir: string): Promise<StreamMeasurement> {
  return new Promise((resolve, reject) => {
    let measurement: StreamMeasurement | undefined;
    fork(child, [way, action, dir, String(MEGABYTES)], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
      .on("message", (message) => {
        measurement = message as StreamMeasurement;
      })
      .on("error", reject)
      .on("close", (code) => {
        if (measurement !== undefined) resolve(measurement);
        else reject(new Error(`${way} ${action} ended with ${code}`));
      });
  });
}
