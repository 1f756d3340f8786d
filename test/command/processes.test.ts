import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackage } from "../support/install-package.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, type Transcript } from "./run-in-process.ts";
import { typeInShell } from "./type-in-shell.ts";

const require = createRequire(import.meta.url);
let folder: TemporaryFolder;
let command: string;

const study = `
import { definePersistable, typedParams } from "persistable-ts";
import * as v from "valibot";

export const points = definePersistable({
  name: "points",
  params: typedParams(),
  generate: ({ params }) => Float64Array.from({ length: params.n }, (_, i) => i % 7),
});

export const other = definePersistable({ name: "other", generate: () => 1 });

export const chosen = definePersistable({
  name: "chosen",
  params: v.object({ color: v.picklist(["red", "green"]) }),
  generate: () => 1,
});

export const endless = definePersistable({
  name: "endless",
  generate: ({ signal }) =>
    new Promise((_, reject) => {
      const timer = setInterval(() => {}, 1000);
      signal.addEventListener("abort", () => {
        clearInterval(timer);
        reject(signal.reason);
      });
    }),
});
`;

/** No version of Node loads this without tsx: it has an enum, and a name that ends in .js. */
const typed = `
import { isMainThread } from "node:worker_threads";
import { definePersistable, typedParams } from "persistable-ts";
import { highest } from "./limits.js";

enum Weight { None = 1, Double = 2 }

interface Params { readonly x: number }

export const weighted = definePersistable({
  name: "weighted",
  params: typedParams<Params>(),
  worker: true,
  generate: ({ params }): number => {
    if (isMainThread) throw new Error("this is the main thread");
    if (params.x > highest) throw new RangeError("x is too high");
    return params.x * Weight.Double;
  },
});
`;

const program = `
import { weighted } from "./typed.js";

const x: number = 2;
console.log(await weighted({ x }).payload);
`;

beforeAll(async () => {
  folder = await temporaryFolder();
  command = await installPackage(folder.path);
  writeFileSync(folder.join("package.json"), '{ "type": "module" }');
  writeFileSync(folder.join("study.js"), study);
  symlinkSync(path.resolve("node_modules/valibot"), folder.join("node_modules/valibot"), "junction");
});

afterAll(() => folder[Symbol.asyncDispose]());

/** The environment of a person at a terminal: what this test was started with says nothing. */
function environment(): NodeJS.ProcessEnv {
  const {
    NO_COLOR: _no,
    FORCE_COLOR: _force,
    NODE_OPTIONS: _node,
    PERSISTABLE_DATA_DIR: _place,
    ...rest
  } = process.env;
  return { ...rest, TERM: "xterm-256color" };
}

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Transcript>;
}

function startProgram(file: string, args: readonly string[]): Running {
  const child = spawn(file, args, { cwd: folder.path, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const ended = once(child, "close").then(([exit]) => ({ exit: Number(exit), out, err }));
  return { process: child, ended };
}

function start(...args: string[]): Running {
  return startProgram(process.execPath, [command, ...args]);
}

const run = (...args: string[]): Promise<Transcript> => start(...args).ended;

/** Opens an explorer like a browser, and begins to listen to its changes. */
async function enterAndWait(url: string): Promise<void> {
  const entered = await fetch(url, { redirect: "manual" });
  const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
  const events = await fetch(new URL("/api/events", url), { headers: { cookie } });
  await events.body?.getReader().read();
}

describe("the command as a process", () => {
  test("data goes to standard output, the rest to standard error, and the exit code tells how it went", async () => {
    const made = await run("run", "study.js", "points", "n=10,1000000");
    expect(made.exit).toBe(0);
    expect(made.out).toMatch(/^points\/[0-9a-f]{64}\npoints\/[0-9a-f]{64}\n$/);
    expect(made.err).toContain("2 generated");
    const wrong = await run("run", "study.js", "pionts", "n=10");
    expect(wrong).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("Did you mean points?") });
  });

  test("colours are for a terminal", async () => {
    const inPipe = await run("ls", "points");
    expect(inPipe).toMatchObject({ exit: 0, err: "" });
    expect(inPipe.out).not.toContain("\u001b");
    const spawnInTerminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    const onTerminal = await startProgram("python3", ["-c", spawnInTerminal, process.execPath, command, "ls"]).ended;
    expect(onTerminal.exit).toBe(0);
    expect(onTerminal.out).toContain("\u001b[1maddress");
  });

  test("a reader that has read enough ends it without a word", async () => {
    const { process: child, ended } = start("cat", "points{n=1000000}");
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await ended).toMatchObject({ exit: 141, err: "" });
  });

  test("Ctrl-C ends a run, and gives its leases back", async () => {
    const { process: child, ended } = start("run", "study.js", "endless", "--json");
    child.stdout?.on("data", (text: string) => {
      if (text.includes('"started"')) child.kill("SIGINT");
    });
    const { exit, out } = await ended;
    expect(exit).toBe(130);
    expect(parseLines(out).at(-1)).toMatchObject({ type: "finished", state: "cancelled" });
    expect(readdirSync(folder.join("persistable-data/.persistable/leases"))).toEqual([]);
  });

  test("ls --watch tells of what other processes generate, until Ctrl-C", async () => {
    const { process: child, ended } = start("ls", "points", "n>20", "n<30", "--watch", "--json");
    let out = "";
    let generated: Promise<Transcript> | undefined;
    child.stdout?.on("data", (text: string) => {
      out += text;
      generated ??= run("run", "study.js", "points", "n=15,25", "-q");
      if (out.includes('"kind":"change"')) child.kill("SIGINT");
    });
    const [{ exit, err }] = [await ended, await generated];
    expect({ exit, err }).toEqual({ exit: 130, err: "" });
    expect(parseLines(out)).toMatchObject([
      { kind: "artifacts", total: 0 },
      { kind: "change", added: [{ name: "points", params: { n: 25 } }], removed: [] },
    ]);
  });

  test("Ctrl-C ends an explorer: its port is free again, and nothing is left behind", async () => {
    const before = readdirSync(folder.path, { recursive: true }).length;
    const { process: child, ended } = start("explore", "--no-open", "--data-dir", "looked-at");
    let url = "";
    child.stdout?.on("data", (text: string) => {
      url += text;
      if (!url.endsWith("\n")) return;
      // A page that is open, and waits for changes, must not keep it.
      void enterAndWait(url.trim()).then(() => child.kill("SIGINT"));
    });
    const { exit, out, err } = await ended;
    expect(exit).toBe(0);
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+\n$/);
    expect(err).not.toMatch(/at .*:\d+:\d+|Error/);
    expect(readdirSync(folder.path, { recursive: true }).length).toBe(before);
    const again = createServer().listen(Number(new URL(url.trim()).port), "127.0.0.1");
    await once(again, "listening");
    again.close();
  });

  // With CI, a shell that is missing fails; elsewhere one is enough for each run.
  const shells = process.env.CI === undefined ? (["bash"] as const) : (["bash", "zsh", "fish"] as const);
  test.each(shells)("%s completes commands, names, parameters, values, addresses and files", async (shell) => {
    await run("run", "study.js", "other", "-q");
    const typed = {
      "pl\t": "plan",
      "plan stu\t": "plan study.js",
      "plan study.js ot\t": "plan study.js other",
      "plan study.js chosen col\t5": "plan study.js chosen color=5",
      "plan study.js chosen color=r\t": "plan study.js chosen color=red",
      "show oth\t": expect.stringMatching(/^show other\/[0-9a-f]{8}$/),
    };
    const lines = Object.keys(typed).map((text) => `persistable ${text}`);
    const quoted = [process.execPath, command].map((text) => `'${text}'`).join(" ");
    const found = await typeInShell(shell, quoted, folder.path, lines);
    expect(found.map((text) => text.trim())).toEqual(Object.values(typed));
  });

  test("the copy of the library that the module uses runs the command", async () => {
    const other = folder.join("elsewhere/node_modules/persistable-ts");
    cpSync(path.dirname(path.dirname(path.dirname(path.dirname(command)))), other, { recursive: true });
    const foreign = [path.join(other, "dist/entry/bin/persistable.js"), "plan"];
    const handedOver = await startProgram(process.execPath, [...foreign, "study.js", "points", "n=10"]).ended;
    expect(handedOver).toMatchObject({ exit: 0, out: "1 artifact is needed, all there\n" });
    mkdirSync(folder.join("old/node_modules/persistable-ts"), { recursive: true });
    writeFileSync(folder.join("old/node_modules/persistable-ts/package.json"), '{ "version": "0.1.0" }');
    writeFileSync(folder.join("old/study.js"), study);
    const tooOld = await startProgram(process.execPath, [...foreign, "old/study.js", "points", "n=10"]).ended;
    expect(tooOld).toMatchObject({ exit: 1, out: "", err: expect.stringContaining("uses persistable-ts 0.1.0") });
  });

  test("TypeScript is loaded by the tsx of the project, on worker threads too", async () => {
    writeFileSync(folder.join("typed.ts"), typed);
    writeFileSync(folder.join("program.ts"), program);
    writeFileSync(folder.join("limits.ts"), "export const highest: number = 5;\n");
    const without = await run("plan", "typed.ts", "weighted", "x=1");
    expect(without).toMatchObject({ exit: 1, out: "" });
    if (Reflect.get(process.features, "typescript") === undefined)
      expect(without.err).toContain("npm install --save-dev tsx");
    symlinkSync(path.dirname(require.resolve("tsx/package.json")), folder.join("node_modules/tsx"), "junction");
    const made = await run("run", "typed.ts", "weighted", "x=1,6", "--keep-going");
    expect(made).toMatchObject({ exit: 3, err: expect.stringContaining("x is too high") });
    expect(made.err).toMatch(/x is too high\n {4}at generate \(typed\.ts:16:\d+\)\n$/);
    const started = await startProgram(process.execPath, ["--import", "tsx", "program.ts"]).ended;
    expect(started).toEqual({ exit: 0, out: "4\n", err: "" });
  });
});
