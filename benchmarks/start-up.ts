import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchmarkReport } from "./benchmark.ts";
import { median } from "./measure-rounds.ts";

const ROUNDS = 60;
const WARM_UP_ROUNDS = 5;

/** This file is bundled into a folder two levels below the package. */
const COMMAND = fileURLToPath(new URL("../../dist/entry/bin/persistable.js", import.meta.url));

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
  for (const [name, script] of Object.entries(scripts)) writeFileSync(join(dir, `${name}.mjs`), script);
  const programs = {
    empty: [join(dir, "empty.mjs")],
    bare: [join(dir, "bare.mjs")],
    imports: [join(dir, "imports.mjs")],
    hit: [join(dir, "hit.mjs")],
    version: [COMMAND, "--version"],
  };
  const names = Object.keys(programs) as (keyof typeof programs)[];
  runProcess(programs.hit);

  const times: Record<keyof typeof programs, number[]> = { empty: [], bare: [], imports: [], hit: [], version: [] };
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const elapsedMs = runProcess(programs[name]);
      if (round >= 0) times[name].push(elapsedMs);
    }
  }
  const emptyMs = median(times.empty);
  const row = (what: string, name: keyof typeof programs) => {
    const ours = median(times[name]);
    return { case: what, ours, unit: "ms", peer: "empty process", peerValue: emptyMs, ratio: ours / emptyMs };
  };
  return {
    name: "start-up",
    rows: [
      { ...row("import and one hit", "hit"), goal: 1.1 },
      row("import only", "imports"),
      { ...row("persistable --version", "version"), goal: 1.5 },
      row("not ours: readFileSync + JSON.parse", "bare"),
    ],
  };
}

function runProcess(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const elapsedMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${args.join(" ")} failed: ${stderr.toString()}`);
  return elapsedMs;
}
