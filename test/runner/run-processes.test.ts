import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { collectOrphans, fileStore } from "../../src/entry/index.ts";
import { listRuns } from "../../src/entry/pipeline.ts";
import { buildChild, type Child, startChild } from "../support/run-child.ts";
import type { RunPipelineInput, RunPipelineLine } from "../support/run-pipeline-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** 1,000 in a full run, with 200 kills. */
const NODES = Number(process.env.PERSISTABLE_TEST_RUN_NODES ?? 60);
const KILLS = Number(process.env.PERSISTABLE_TEST_RUN_KILLS ?? 6);
const PROCESSES = 4;
const LAYERS = 4;

const file = buildChild("test/support/run-pipeline-child.ts");

async function start(folder: string, input: Partial<RunPipelineInput> = {}): Promise<Child> {
  const generatedFile = path.join(folder, "generated.txt");
  writeFileSync(generatedFile, "", { flag: "a" });
  const whole: RunPipelineInput = {
    dataDir: path.join(folder, "data"),
    generatedFile,
    layers: LAYERS,
    width: NODES / LAYERS,
    concurrency: 4,
    workMs: 10,
    ...input,
  };
  return startChild(await file, whole);
}

function generatedIn(folder: string): string[] {
  return readFileSync(path.join(folder, "generated.txt"), "utf8").split("\n").filter(Boolean);
}

function isCompleted(line: RunPipelineLine): line is Extract<RunPipelineLine, { is: "completed" }> {
  return line.is === "completed";
}

/**
 * Whatever should not be left lying in a data directory: claims, temporary files, half artifacts.
 */
async function litterIn(folder: string): Promise<string[]> {
  const store = fileStore(path.join(folder, "data"));
  const left = readdirSync(path.join(folder, "data", ".persistable"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(path.basename(entry.parentPath), entry.name))
    .filter((name) => !name.startsWith("runs"));
  for (const name of ["first", "later"]) left.push(...(await collectOrphans(store, name, { graceMs: -1000 })).files);
  return left;
}

describe("several processes that run the same pipeline on one data directory", () => {
  test("generate every payload once between them", async () => {
    await using folder = await temporaryFolder();
    const children = await Promise.all(Array.from({ length: PROCESSES }, () => start(folder.path)));
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends, children.map(({ complaints }) => complaints).join("\n")).toEqual(Array(PROCESSES).fill(0));
    const generated = generatedIn(folder.path);
    expect(new Set(generated).size).toBe(NODES);
    expect(generated).toHaveLength(NODES);
    const told = children.flatMap((child) => (child.told as RunPipelineLine[]).filter(isCompleted));
    expect(told.reduce((sum, line) => sum + line.generated, 0)).toBe(NODES);
    // The work was shared, which is what starting several is for.
    expect(told.filter((line) => line.generated > 0).length).toBeGreaterThan(1);
    expect(await litterIn(folder.path)).toEqual([]);
  });

  test(`complete it although they are killed and started again (${KILLS} kills)`, async () => {
    await using folder = await temporaryFolder();
    let kills = 0;
    let completed = 0;
    let ownEnds = 0;
    const work = async (): Promise<void> => {
      for (;;) {
        await using child = await start(folder.path, { concurrency: 8 });
        const isVictim = kills < KILLS;
        if (isVictim) {
          kills++;
          await Promise.race([
            child.waitFor<RunPipelineLine>(({ is }) => is === "started").catch(() => {}),
            child.ended,
          ]);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
          child.kill();
        }
        const end = await child.ended;
        if (end === 0) completed++;
        else if (end !== "SIGKILL") throw new Error(`ended with ${end}: ${child.complaints}`);
        if (!isVictim) {
          ownEnds++;
          return;
        }
      }
    };
    await Promise.all(Array.from({ length: PROCESSES }, work));
    expect(kills).toBe(KILLS);
    expect(ownEnds).toBe(PROCESSES);
    expect(completed).toBeGreaterThanOrEqual(PROCESSES);
    const generated = generatedIn(folder.path);
    expect(new Set(generated).size).toBe(NODES);
    // A process may be killed after its generator has finished and before the artifact is there, so
    // at most the nodes that it was running are generated again.
    expect(generated.length - NODES).toBeLessThanOrEqual(KILLS * 8);
    await using last = await start(folder.path);
    expect(await last.waitFor(isCompleted)).toMatchObject({ generated: 0 });
  });
});

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "by %s: generators get their signal, what is finished is kept, nothing is left lying, exit code %d",
    async (signal, exitCode) => {
      await using folder = await temporaryFolder();
      const small = { layers: 2, width: 6 };
      await using before = await start(folder.path, { ...small, layers: 1, workMs: 1 });
      expect(await before.ended).toBe(0);
      const finished = generatedIn(folder.path).length;
      await using child = await start(folder.path, { ...small, workMs: Number.POSITIVE_INFINITY });
      await child.waitFor<RunPipelineLine>(({ is }) => is === "started");
      child.kill(signal);
      expect(await child.ended).toBe(exitCode);
      expect(finished).toBe(6);
      expect(await litterIn(folder.path)).toEqual([]);
      const [record] = await listRuns(path.join(folder.path, "data"));
      expect(record).toMatchObject({ state: "cancelled", generated: 0, cancelled: 6 });
      await using after = await start(folder.path, { ...small, workMs: 1 });
      expect(await after.waitFor(isCompleted)).toMatchObject({ generated: 6, hits: 6 });
    },
  );

  test("a second one ends a process whose generators do not listen", async () => {
    await using folder = await temporaryFolder();
    // One node only: a claim that is under way when the process ends is left for the next one.
    await using child = await start(folder.path, { layers: 1, width: 1, workMs: 600_000 });
    await child.waitFor<RunPipelineLine>(({ is }) => is === "started");
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill("SIGINT");
    expect(await child.ended).toBe(130);
    expect(await litterIn(folder.path)).toEqual([]);
  });
});
