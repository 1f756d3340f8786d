import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { installPackage } from "./install-package.ts";

const nodeModules = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/** The params of a generator, which say how it behaves. */
export interface Work {
  readonly i: number;
  readonly ms?: number;
  /** Blocks the event loop for this long. */
  readonly blockMs?: number;
  /** Ends its process. */
  readonly exits?: boolean;
  /** Kills the process that has started this one, as often as it is tried. */
  readonly killsWorker?: boolean;
  /** Fails while this file exists. */
  readonly failsWith?: string;
  /** Does nothing but add a character to a file. */
  readonly isTiny?: boolean;
  /** Never ends, until it is aborted. */
  readonly isEndless?: boolean;
}

/** A module of definitions, and a program that runs them on an engine. */
const study = `
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { definePersistable, secret, typedParams } from "persistable-ts";

const noteFile = process.env.NOTES;
function note(text) {
  appendFileSync(noteFile, text + "\\n");
}
/** What is appended to a file at once is never mixed with the lines of other processes. */
function trace(text) {
  appendFileSync(noteFile + ".trace", text + " " + process.pid + "\\n");
}

/** A process that has ended is there until its parent, or that of orphans, has asked how. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^State:\\s+[ZX]/m.test(readFileSync("/proc/" + pid + "/status", "utf8"));
  } catch {
    return false;
  }
}

async function work(name, params, signal) {
  if (params.isTiny) return appendFileSync(noteFile + ".tiny", ".");
  const key = name + "-" + params.i + (params.side ?? "");
  const running = noteFile + "-" + key;
  if (existsSync(running)) {
    const pid = Number(readFileSync(running, "utf8"));
    if (pid !== process.pid && isAlive(pid)) note("overlap " + key);
  }
  writeFileSync(running, String(process.pid));
  trace("start " + key);
  note("start " + key);
  if (params.killsWorker) {
    process.kill(process.ppid, "SIGKILL");
    await new Promise(() => {});
  }
  if (params.exits) process.exit(3);
  if (params.failsWith && existsSync(params.failsWith)) throw new RangeError("planned failure of " + key);
  if (params.blockMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, params.blockMs);
  if (params.isEndless) await new Promise((_, reject) => {
    const stop = () => { note("aborted " + key); reject(signal.reason); };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
  if (params.ms) await new Promise((resolve) => setTimeout(resolve, params.ms));
  rmSync(running, { force: true });
  trace("end " + key);
}

export const source = definePersistable({
  name: "source",
  version: process.env.SOURCE_VERSION ?? 1,
  params: typedParams(),
  generate: async ({ params, signal }) => { await work("source", params, signal); return params.i; },
});
export const mid = definePersistable({
  name: "mid",
  params: typedParams(),
  dependencies: { source },
  generate: async ({ params, dependencies, signal }) => {
    await work("mid", params, signal);
    return (await dependencies.source.payload) * (params.side === "l" ? 2 : 3);
  },
});
export const top = definePersistable({
  name: "top",
  params: typedParams(),
  dependencies: { left: mid, right: mid },
  generate: async ({ params, dependencies, signal }) => {
    await work("top", params, signal);
    return (await dependencies.left.payload) + (await dependencies.right.payload);
  },
});
export const trained = definePersistable({
  name: "trained",
  params: typedParams(),
  pools: { gpu: 1 },
  generate: async ({ params, signal }) => { await work("trained", params, signal); return params.i; },
});
export const keyed = definePersistable({
  name: "keyed",
  params: typedParams(),
  generate: ({ params, log }) => {
    log.info("asks with " + params.key.reveal());
    if (params.isRefused) throw new Error("no access with " + params.key.reveal());
    return params.key.reveal().length;
  },
});
/** A link of a chain: of itself, so that any length can be built. */
export const link = definePersistable({
  name: "link",
  params: typedParams(),
  dependencies: { before: source },
  generate: async ({ dependencies }) => (await dependencies.before.payload) + 1,
});
export { secret };
`;

const coordinate = `
import { run } from "persistable-ts/pipeline";
import { bullmq } from "persistable-ts/engines/bullmq";
import { embedded } from "persistable-ts/engines/embedded";
import * as study from "./study.js";

const { url, targets, options = {}, abortAfter, isQuiet } = JSON.parse(process.argv[2]);
const build = {
  diamond: (work) => study.top({ i: work.i, left: { ...work, side: "l", source: work }, right: { ...work, side: "r", source: work } }),
  tinyDiamonds: ({ i: count }) => Array.from({ length: count }, (_, i) => {
    const tiny = { i, isTiny: true };
    return study.top({ ...tiny, left: { ...tiny, side: "l", source: tiny }, right: { ...tiny, side: "r", source: tiny } });
  }),
  source: (work) => study.source(work),
  trained: (work) => study.trained(work),
  keyed: () => study.keyed({ key: study.secret.env("STUDY_KEY") }),
  refusedKey: () => study.keyed({ isRefused: true, key: study.secret.env("STUDY_KEY") }),
  plainSecret: () => study.keyed({ n: 2, key: study.secret("hunter2hunter2") }),
  chain: ({ i }) => {
    let last = study.source({ i });
    for (let n = 0; n < i; n++) last = study.link({ n, before: last });
    return last;
  },
};
const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
const controller = new AbortController();
const engine = url === "embedded" ? () => embedded("study.js", { onNote: (note) => say({ note }) }) : () => bullmq(url, options.engine);
const persistables = targets.flatMap(({ kind, work }) => build[kind](work));
const described = (error) => ({ name: error?.name, code: error?.code, message: error?.message });
try {
  const result = await run(persistables, {
    ...options,
    on: url === undefined ? undefined : engine(),
    signal: controller.signal,
    onEvent: (event) => {
      if (!isQuiet) say({ event: event.type, name: event.name, worker: event.worker, lines: event.lines });
      if (event.type === abortAfter) controller.abort(new Error("stop it"));
    },
  });
  const payloads = await Promise.all(persistables.slice(0, 1000).map((each) => each.load()));
  say({ result, payloads });
} catch (error) {
  say({ thrown: described(error), result: error?.result, failures: error?.result?.failures.map(({ error }) => described(error)) });
}
`;

/** One line that the program prints. */
export interface Line {
  /** A note of the embedded engine. */
  readonly note?: string;
  readonly event?: string;
  readonly name?: string;
  readonly worker?: string;
  readonly lines?: readonly { readonly level: string; readonly message: string }[];
  readonly result?: {
    readonly state: string;
    readonly generated: number;
    readonly hits: number;
    readonly failed: number;
  };
  readonly payloads?: readonly number[];
  readonly thrown?: { readonly name: string; readonly code?: string; readonly message: string };
  readonly failures?: readonly { readonly name: string; readonly code?: string; readonly message: string }[];
}

/** The targets and options for a coordinator. */
export interface Order {
  readonly targets: readonly { readonly kind: string; readonly work?: Work }[];
  readonly options?: object;
  /** Aborts the run at the first event of this type. */
  readonly abortAfter?: string;
  /** Prints no events. */
  readonly isQuiet?: boolean;
}

/** A project whose runs and workers are processes of their own. */
export class DistributedProject {
  readonly folder: string;
  readonly notes: string;
  readonly #url: string;
  readonly #command: string;
  readonly #children = new Set<ChildProcess>();

  private constructor(folder: string, url: string, command: string) {
    this.folder = folder;
    this.#url = url;
    this.#command = command;
    this.notes = path.join(folder, "notes.txt");
    writeFileSync(this.notes, "");
  }

  /** @param installed - a project whose installed package this one shares */
  static async create(folder: string, url: string, installed?: DistributedProject): Promise<DistributedProject> {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(path.join(folder, "study.js"), study);
    writeFileSync(path.join(folder, "coordinate.js"), coordinate);
    if (installed !== undefined) {
      symlinkSync(path.join(installed.folder, "node_modules"), path.join(folder, "node_modules"));
      return new DistributedProject(folder, url, installed.#command);
    }
    const command = await installPackage(folder);
    for (const name of ["bullmq", "ioredis", "pg", "@aws-sdk"]) {
      const place = path.join(folder, "node_modules", name);
      if (!existsSync(place)) symlinkSync(path.join(nodeModules, name), place);
    }
    return new DistributedProject(folder, url, command);
  }

  /** Starts a worker, and waits until it takes jobs, or until its first job has killed it. */
  async startWorker(flags: readonly string[] = ["--slots", "1"], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const args = [this.#command, "worker", "study.js", "--on", this.#url, "--lock", "2s", ...flags];
    const child = this.#spawn(args, env);
    await new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: child.stderr ?? process.stdin });
      const said: string[] = [];
      lines.on("line", (line) => {
        said.push(line);
        if (line.startsWith("Waits for payloads")) resolve();
      });
      child.once("exit", (code, signal) => {
        if (signal === "SIGKILL") resolve();
        else reject(new Error(`The worker has ended with ${code ?? signal}: ${said.join("; ")}`));
      });
    });
    return child;
  }

  /** Runs targets on the engine, or in its own process, and gives back all lines. */
  async run(order: Order, env: NodeJS.ProcessEnv = {}): Promise<readonly Line[]> {
    const { lines } = this.startRun(order, env);
    return lines;
  }

  /** Starts the command `persistable`. */
  startCommand(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return this.#spawn([this.#command, ...args], env);
  }

  startRun(
    order: Order,
    env: NodeJS.ProcessEnv = {},
  ): { readonly child: ChildProcess; readonly said: readonly Line[]; readonly lines: Promise<Line[]> } {
    const child = this.#spawn(["coordinate.js", JSON.stringify({ url: this.#url, ...order })], env);
    child.stderr?.resume();
    const lines: Line[] = [];
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => lines.push(JSON.parse(line)));
    return { child, said: lines, lines: once(child, "close").then(() => lines) };
  }

  /** Returns the lines that the generators have noted, such as `start source-1`. */
  noted(): string[] {
    return readLines(this.notes);
  }

  /** How many tiny payloads were generated so far. */
  tinyCount(): number {
    return (readLines(`${this.notes}.tiny`)[0] ?? "").length;
  }

  /** Returns the starts and ends of generators in their order: `start source-1 PID`. */
  traced(): readonly string[] {
    return readLines(`${this.notes}.trace`);
  }

  /**
   * Returns the payloads that two processes have generated at the same time: one began while the
   * other was alive, or before the other ended.
   */
  overlaps(): readonly string[] {
    const found = this.noted().filter((line) => line.startsWith("overlap "));
    const lines = this.traced();
    for (const [end, line] of lines.entries()) {
      if (!line.startsWith("end ")) continue;
      const [, key = "", pid = ""] = line.split(" ");
      const meanwhile = lines.slice(lines.lastIndexOf(`start ${key} ${pid}`, end) + 1, end);
      if (meanwhile.some((other) => other.startsWith(`start ${key} `))) found.push(`overlap ${key}`);
    }
    return found;
  }

  /**
   * Waits until generators have noted this many starts. Returns whether they have: `false` means
   * that the run has ended before.
   */
  async waitForStarts(count: number, run: Promise<unknown>): Promise<boolean> {
    let hasEnded = false;
    run.then(
      () => (hasEnded = true),
      () => (hasEnded = true),
    );
    while (!hasEnded && startsIn(this).length < count) await sleep(20);
    return startsIn(this).length >= count;
  }

  async close(): Promise<void> {
    const ended = [...this.#children].filter(isRunning).map((child) => once(child, "exit"));
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(ended);
  }

  #spawn(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NOTES: this.notes, NODE_OPTIONS: "", ...env },
    });
    this.#children.add(child);
    return child;
  }
}

/** The notes of the generators that have begun. */
export function startsIn(project: { noted(): readonly string[] }): readonly string[] {
  return project.noted().filter((line) => line.startsWith("start "));
}

function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
