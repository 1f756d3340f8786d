import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chosenCases } from "../support/chosen-cases.ts";
import { installPackage } from "../support/install-package.ts";
import { redis } from "../support/servers/redis.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, type Transcript } from "./run-in-process.ts";

/*
 * The commands that docs/command-line.md shows without a transcript, in processes of their own. The
 * other ones are in transcript-processes.test.ts.
 */
const folder = await temporaryFolder();
let command: string;

/** Each takes seconds, so a local run tries one of them. */
const manners = [
  ["in a pipe", false],
  ["on a terminal", true],
] as const;

beforeAll(async () => {
  command = await installPackage(folder.path);
  writeFileSync(folder.join("package.json"), '{ "type": "module" }');
  for (const name of ["bullmq", "ioredis"])
    symlinkSync(path.resolve("node_modules", name), folder.join(`node_modules/${name}`), "junction");
  copySource("before", "report.mjs");
});

afterAll(() => folder[Symbol.asyncDispose]());

function copySource(version: "before" | "after", file: string): void {
  copyFileSync(new URL(`source-${version}.mjs`, import.meta.url), folder.join(file));
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Transcript>;
  /** Resolves once the output has a text that fits. */
  said(pattern: RegExp): Promise<string>;
}

/** On a terminal, both outputs are one. */
function start(isTerminal: boolean, ...args: readonly string[]): Running {
  const { NO_COLOR: _no, FORCE_COLOR: _force, PERSISTABLE_DATA_DIR: _place, ...rest } = process.env;
  const env = { ...rest, SHELL: "/bin/bash", TERM: "xterm" };
  const words = [process.execPath, command, ...args].map((word) => `'${word}'`);
  const [file, ...own] = isTerminal
    ? ["script", "-qec", `exec ${words.join(" ")}`, "/dev/null"]
    : [process.execPath, command, ...args];
  const child = spawn(file ?? "", own, { cwd: folder.path, env, stdio: ["pipe", "pipe", "pipe"] });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text));
  const ended = once(child, "close").then(([exit]) => ({ exit: Number(exit), out: out.join(""), err: err.join("") }));
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const [found] = pattern.exec(`${out.join("")}${err.join("")}`) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      look();
      void ended.then((told) => reject(new Error(`It ended without ${pattern}: ${JSON.stringify(told)}`)));
    });
  return { child, ended, said };
}

const inPipe = (...args: readonly string[]): Promise<Transcript> => start(false, ...args).ended;

/** The text that a person reads on a terminal. */
async function onTerminal(...args: readonly string[]): Promise<{ readonly exit: number; readonly text: string }> {
  const { exit, out } = await start(true, ...args).ended;
  return { exit, text: stripVTControlCharacters(out).replaceAll("\r\n", "\n") };
}

describe("help as a process", () => {
  test.each([
    [["help"], /^persistable: find, explain, compare, run and clean up persisted artifacts\n\nGenerate\n {2}run /],
    [["help", "queries"], /^Queries\n {2}Terms, all of which must hold:\n/],
    [["help", "worker"], /^USAGE\n {2}persistable worker <module>\n/],
  ])("%j prints one text, in a pipe without colors and on a terminal as well", async (args, text) => {
    const piped = await inPipe(...args);
    expect(piped).toEqual({ exit: 0, out: expect.stringMatching(text), err: "" });
    expect(piped.out).not.toContain("\u001b");
    const terminal = await onTerminal(...args);
    expect(terminal.exit).toBe(0);
    // A wide terminal leaves other spaces between a flag and what it means.
    const words = (all: string): string => all.replaceAll(/\s+/g, " ").trim();
    expect(words(terminal.text)).toBe(words(piped.out));
  });

  test("what is no command and no topic is refused with the topics", async () => {
    const expected = "persistable: There is no command and no topic nothing.\nTopics: ";
    expect(await inPipe("help", "nothing")).toEqual({ exit: 2, out: "", err: expect.stringContaining(expected) });
    expect(await onTerminal("help", "nothing")).toEqual({ exit: 2, text: expect.stringContaining(expected) });
    const json = await inPipe("help", "nothing", "--json");
    expect(json).toMatchObject({ exit: 2, out: "" });
    expect(parseLines(json.err)).toMatchObject([{ kind: "error", code: "PERSISTABLE_USAGE", exit: 2 }]);
  });
});

describe("explore as a process", () => {
  const URL_LINE = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/;

  test("on a terminal it shows its address until Ctrl-C is typed", async () => {
    const explorer = start(true, "explore", "--no-open", "--data-dir", "explored");
    const url = await explorer.said(URL_LINE);
    expect((await fetch(url, { redirect: "manual" })).status).toBeLessThan(400);
    await explorer.said(/Ctrl-C ends the explorer/);
    explorer.child.stdin?.write("\u0003");
    const { exit, out } = await explorer.ended;
    expect(exit).toBe(0);
    expect(out).not.toMatch(/Error|\n {4}at /);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("with --json it prints what the schema says", async () => {
    const explorer = start(false, "explore", "--no-open", "--json", "--data-dir", "explored");
    await explorer.said(/Ctrl-C ends the explorer/);
    explorer.child.kill("SIGINT");
    const { exit, out } = await explorer.ended;
    expect(exit).toBe(0);
    expect(parseLines(out)).toEqual([
      { persistable: 1, kind: "explore", url: expect.stringMatching(URL_LINE), dataDir: "explored" },
    ]);
  });

  test("an export tells the file, and how much is in it", async () => {
    expect(await inPipe("explore", "--export", "none.html")).toEqual({
      exit: 2,
      out: "",
      err: "persistable: The page is not built.\nRun `npm run build` in the folder of persistable-ts.\n",
    });
    mkdirSync(folder.join("node_modules/persistable-ts/dist/explorer"), { recursive: true });
    // The built page is tested with a browser; here, only its place for the data matters.
    const page = '<!doctype html><script id="exported-data" type="application/json"></script>';
    writeFileSync(folder.join("node_modules/persistable-ts/dist/explorer/export.html"), page);
    expect((await inPipe("run", "report.mjs", "report", "--data-dir", "exported")).exit).toBe(0);
    const { exit, out, err } = await inPipe("explore", "--export", "page.html", "--json", "--data-dir", "exported");
    expect({ exit, err }).toEqual({ exit: 0, err: expect.stringContaining("1 of 1 artifacts exported") });
    expect(parseLines(out)).toMatchObject([
      { kind: "explore", file: "page.html", counts: { artifacts: { exported: 1, total: 1 } } },
    ]);
    expect(readFileSync(folder.join("page.html"), "utf8")).toContain("changing_report");
    const terminal = await onTerminal("explore", "--export", "again.html", "--data-dir", "exported");
    expect(terminal).toEqual({ exit: 0, text: expect.stringMatching(/^again\.html\n1 of 1 artifacts exported, /) });
  });
});

describe("show --path as a process", () => {
  test("with --json it prints what the schema says", async () => {
    await inPipe("run", "report.mjs", "report", "--data-dir", "shown");
    const { exit, out, err } = await inPipe(
      "show",
      "changing_report@latest",
      "--path",
      "--json",
      "--data-dir",
      "shown",
    );
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    const file = expect.stringMatching(/shown[\\/]changing_report[\\/][0-9a-f]{64}\.json$/);
    expect(parseLines(out)).toEqual([{ persistable: 1, kind: "path", path: file }]);
  });
});

describe("accept as a process", () => {
  test.each(chosenCases(manners, 2))(
    "a change of the source is refused, accepted and taken back %s",
    async (_, isTerminal) => {
      const dataDir = `accepted-${isTerminal}`;
      const file = `${dataDir}.mjs`;
      const run = async (...args: readonly string[]) => {
        const { exit, out, err } = await start(isTerminal, ...args, "--data-dir", dataDir).ended;
        return { exit, text: stripVTControlCharacters(`${out}${err}`).replaceAll("\r\n", "\n") };
      };
      copySource("before", file);
      expect((await run("run", file, "report")).exit).toBe(0);
      copySource("after", file);
      const refused = await run("run", file, "report");
      expect(refused).toEqual({ exit: 1, text: expect.stringContaining('line 2: return "made after the change";') });
      const [artifact = ""] = /(?<=persistable accept )changing_report\/[0-9a-f]{8}/.exec(refused.text) ?? [];
      expect(await run("accept", file, artifact)).toEqual({
        exit: 0,
        text: expect.stringMatching(/^changing_report [0-9a-f]{8}\S* counts as made by the source of today: generator/),
      });
      expect((await run("run", file, "report")).exit).toBe(0);
      const undone = await run("accept", file, artifact, "--undo", "--json");
      expect(undone.exit).toBe(0);
      expect(parseLines(/^\{.*\}$/m.exec(undone.text)?.[0] ?? "")).toMatchObject([
        { kind: "accepted", accepted: [{ name: "changing_report", undone: true }] },
      ]);
      expect((await run("run", file, "report")).exit).toBe(1);
      expect(await run("accept", file, "changing_report/ffff0000")).toEqual({
        exit: 2,
        text: expect.stringContaining("is not the address of an artifact"),
      });
    },
  );
});

describe.skipIf(!redis.isInstalled())("worker as a process", () => {
  test.each(chosenCases(manners, 2))(
    "it says where it waits, what it did, and ends by itself %s",
    async (_, isTerminal) => {
      await using server = await redis.start();
      const dataDir = ["--data-dir", `worked-${isTerminal}-${server.port}`];
      const worker = start(isTerminal, "worker", "report.mjs", "--on", server.url, "--slots", "1", ...dataDir);
      await worker.said(/Waits for payloads to generate: 1 at a time, code [0-9a-f]{16}, store /);
      const made = await inPipe("run", "report.mjs", "report", "--on", server.url, ...dataDir);
      expect(made).toMatchObject({ exit: 0, out: expect.stringMatching(/^changing_report\/[0-9a-f]{64}\n$/) });
      if (isTerminal) worker.child.stdin?.write("\u0003");
      else worker.child.kill("SIGTERM");
      const { exit, out, err } = await worker.ended;
      const told = stripVTControlCharacters(isTerminal ? out : err);
      expect({ exit, told }).toEqual({ exit: 0, told: expect.stringContaining("1 done, 0 failed, 0 running.") });
      expect(told).not.toMatch(/Error|\n {4}at /);
      if (!isTerminal) expect(out).toBe("");
    },
  );
});
