import { fork, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchmarkReport, BenchmarkRow } from "./benchmark.ts";
import type { BigArrayMeasurement } from "./big-array-child.ts";
import { median } from "./measure-rounds.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";

const BYTES = 1e9;
const ROUNDS = 7;
const HUGE_BYTES = 3e9;

const LOAD_GOAL = 0.5;
const PEAK_GOAL = 1.06;
const PEAK_UNIT = "x payload";

const child = fileURLToPath(new URL("./big-array-child.js", import.meta.url));

/**
 * One big array of numbers, each save and each load in a fresh process, all files in the page
 * cache.
 */
export function benchmark(): Promise<BenchmarkReport> {
  return withTemporaryFolder(async (dir) => {
    const python = findPython();
    const ways = [...OUR_WAYS, BARE, ...(python === undefined ? [] : [JOBLIB])];
    const measured = await measureWays(ways, dir, python);
    const rows = OUR_WAYS.flatMap((way) => rowsOf(way, ways, measured));
    if (process.env.BENCHMARK_HUGE !== undefined) rows.push(...(await hugeRows(dir)));
    return {
      name: "big-array",
      rows,
      notes: python === undefined ? ["joblib (python3-joblib) is not installed here"] : [],
    };
  });
}

const OUR_WAYS = ["npy", "structured"];
const BARE = "bare";
const JOBLIB = "joblib";

type Action = "save" | "load";
type Measured = ReadonlyMap<string, BigArrayMeasurement[]>;

async function measureWays(ways: readonly string[], dir: string, python: string | undefined): Promise<Measured> {
  const measured = new Map<string, BigArrayMeasurement[]>();
  const measure = async (way: string, action: Action, counts: boolean): Promise<void> => {
    const one =
      way === JOBLIB && python !== undefined ? runPython(python, action, dir) : await runNode(way, action, dir, BYTES);
    if (counts) measured.set(`${way} ${action}`, [...(measured.get(`${way} ${action}`) ?? []), one]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? ways : ways.toReversed();
    for (const way of order) {
      // Every contender writes a new file, and starts when the disk has finished the one before.
      rmSync(join(dir, way), { recursive: true, force: true });
      spawnSync("sync");
      await measure(way, "save", true);
      spawnSync("sync");
    }
    for (const way of order) await measure(way, "load", true);
  }
  return measured;
}

function rowsOf(way: string, ways: readonly string[], measured: Measured): BenchmarkRow[] {
  const rows: BenchmarkRow[] = [];
  for (const action of ["save", "load"] as const) {
    const ours = medianOf(measured, way, action, "elapsedMs");
    for (const peer of ways) {
      if (OUR_WAYS.includes(peer)) continue;
      const peerValue = medianOf(measured, peer, action, "elapsedMs");
      const goal = action === "load" && peer === BARE ? { goal: LOAD_GOAL } : {};
      rows.push({
        case: `1 GB, ${way}(), ${action}`,
        ours,
        unit: "ms",
        peer: describePeer(peer, action),
        peerValue,
        ratio: ours / peerValue,
        ...goal,
      });
    }
    for (const peer of ways) {
      if (OUR_WAYS.includes(peer)) continue;
      rows.push({
        case: `1 GB, ${way}(), ${action}, peak memory`,
        ours: medianOf(measured, way, action, "peakBytes") / BYTES,
        unit: PEAK_UNIT,
        peer: describePeer(peer, action),
        peerValue: medianOf(measured, peer, action, "peakBytes") / BYTES,
        ...(peer === BARE ? { goal: PEAK_GOAL } : {}),
      });
    }
  }
  return rows;
}

function describePeer(peer: string, action: Action): string {
  if (peer === JOBLIB) return action === "save" ? "joblib.dump" : "joblib.load";
  return action === "save" ? "writeFileSync" : "readFileSync";
}

function medianOf(measured: Measured, way: string, action: Action, what: keyof BigArrayMeasurement): number {
  return median((measured.get(`${way} ${action}`) ?? []).map((one) => one[what]));
}

/** Measures a payload beyond the 2 GiB at which `readFileSync` gives up. */
async function hugeRows(dir: string): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const way of OUR_WAYS) {
    for (const action of ["save", "load"] as const) {
      const { elapsedMs, peakBytes } = await runNode(way, action, join(dir, "huge"), HUGE_BYTES);
      rows.push({ case: `3 GB, ${way}(), ${action}`, ours: elapsedMs, unit: "ms" });
      rows.push({
        case: `3 GB, ${way}(), ${action}, peak memory`,
        ours: peakBytes / HUGE_BYTES,
        unit: PEAK_UNIT,
        goal: PEAK_GOAL,
      });
    }
    rmSync(join(dir, "huge"), { recursive: true, force: true });
  }
  return rows;
}

function runNode(way: string, action: Action, dir: string, sizeBytes: number): Promise<BigArrayMeasurement> {
  return new Promise((resolve, reject) => {
    const running = fork(child, [way, action, dir, String(sizeBytes / 8)], { execArgv: [] });
    let measurement: BigArrayMeasurement | undefined;
    running.on("message", (message) => {
      measurement = message as BigArrayMeasurement;
    });
    running.on("error", reject);
    running.on("exit", (code) => {
      if (measurement !== undefined && code === 0) resolve(measurement);
      else reject(new Error(`${way} ${action} ended with ${code}`));
    });
  });
}

const PYTHON_SCRIPT = `
import sys, os, time, json, joblib, numpy
action, folder, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
file = os.path.join(folder, "array.joblib")
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
idle = peak()
values = numpy.arange(length) * 1.1 if action == "save" else None
started = time.perf_counter()
if action == "save":
    os.makedirs(folder, exist_ok=True)
    joblib.dump(values, file)
else:
    values = joblib.load(file)
elapsed = time.perf_counter() - started
peak = peak() - idle
assert values[length - 1] == (length - 1) * 1.1
print(json.dumps({"elapsedMs": elapsed * 1000, "peakBytes": peak}))
`;

/** Debian installs joblib for its own Python, which need not be the first on the path. */
function findPython(): string | undefined {
  if (process.platform !== "linux") return undefined;
  return ["python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", "import joblib, numpy"], { stdio: "ignore" }).status === 0,
  );
}

function runPython(python: string, action: Action, dir: string): BigArrayMeasurement {
  const { status, stdout, stderr } = spawnSync(
    python,
    ["-c", PYTHON_SCRIPT, action, join(dir, JOBLIB), String(BYTES / 8)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`joblib ${action} failed: ${stderr}`);
  return JSON.parse(stdout) as BigArrayMeasurement;
}
