import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchmarkReport } from "./benchmark.ts";
import { median } from "./measure-rounds.ts";

const ROUNDS = 60;
const WARM_UP_ROUNDS = 5;

const DEFINITION = `import { definePersistable, json } from "persistable-ts";
const reviews = definePersistable({
  name: "reviews",
  generate: ({ params }) => ({ id: params.index, label: "item", scores: [1, 2, 3] }),
  params: { "~standard": { version: 1, vendor: "start-up", validate: (value) => ({ value }) } },
  format: json(),
});
const payload = await reviews({ dataset: "reviews", index: 7 }, { dataDir: DATA_DIR }).payload;
if (payload.id !== 7) throw new Error("wrong payload");
`;

/** Whole processes, from start to end. */
export async function benchmark(): Promise<BenchmarkReport> {
  // Inside the package, so that its own name leads to what was built, as it would from a user's
  // node_modules.
  const dir = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "start-up-"));
  try {
    return measure(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function measure(dir: string): BenchmarkReport {
  const dataDir = join(dir, "data");
  mkdirSync(dataDir);
  const bareFile = join(dataDir, "bare.json");
  writeFileSync(bareFile, JSON.stringify({ id: 7, label: "item", scores: [1, 2, 3] }));
  const scripts = {
    empty: "",
    bare: `import { readFileSync } from "node:fs";\nif (JSON.parse(readFileSync(${JSON.stringify(bareFile)}, "utf8")).id !== 7) throw new Error("wrong payload");\n`,
    imports: 'import "persistable-ts";\n',
    hit: DEFINITION.replace("DATA_DIR", JSON.stringify(join(dataDir, "artifacts"))),
  };
  const names = Object.keys(scripts) as (keyof typeof scripts)[];
  for (const name of names) writeFileSync(join(dir, `${name}.mjs`), scripts[name]);
  runProcess(join(dir, "hit.mjs"));

  const times: Record<keyof typeof scripts, number[]> = { empty: [], bare: [], imports: [], hit: [] };
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const elapsedMs = runProcess(join(dir, `${name}.mjs`));
      if (round >= 0) times[name].push(elapsedMs);
    }
  }
  const emptyMs = median(times.empty);
  const row = (what: string, name: keyof typeof scripts) => {
    const ours = median(times[name]);
    return { case: what, ours, unit: "ms", peer: "empty process", peerValue: emptyMs, ratio: ours / emptyMs };
  };
  return {
    name: "start-up",
    rows: [
      { ...row("import and one hit", "hit"), goal: 1.1 },
      row("import only", "imports"),
      row("not ours: readFileSync + JSON.parse", "bare"),
    ],
  };
}

function runProcess(file: string): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [file], { stdio: ["ignore", "ignore", "pipe"] });
  const elapsedMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${file} failed: ${stderr.toString()}`);
  return elapsedMs;
}
