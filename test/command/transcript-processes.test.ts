import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { chosenCases } from "../support/chosen-cases.ts";
import { installPackage } from "../support/install-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { Transcript } from "./run-in-process.ts";
import { pages, type Step, steady, stepsOf, told } from "./transcripts.ts";

describe.each(pages)("the transcripts of docs/%s", (page) => {
  const steps = stepsOf(page);

  // A process for each command takes half a minute of a processor.
  const manners = [
    ["in a pipe", false],
    ["on a terminal", true],
  ] as const;
  test.each(chosenCases(manners, 2))(
    "show, word for word, what processes of the installed package print %s",
    async (_, isTerminal) => {
      await using folder = await temporaryFolder();
      const command = await installPackage(folder.path);
      writeFileSync(folder.join("package.json"), '{ "type": "module" }');
      for (const name of ["tsx", "tar-stream", "log-update"])
        symlinkSync(path.resolve("node_modules", name), folder.join(`node_modules/${name}`), "junction");
      const define = `persistable() { "${process.execPath}" "${command}" "$@"; }`;
      for (const step of steps) {
        const line = `${define}; persistable ${step.command}`;
        const args = isTerminal ? ["script", "-qec", line, "/dev/null"] : ["bash", "-c", line];
        const made = runShell(args, folder.path);
        if (isTerminal) expectOnTerminal(step, made);
        else expect([step.command, steady(told(made))]).toEqual([step.command, steady(step.shown)]);
      }
    },
  );
});

function runShell([file = "", ...args]: readonly string[], cwd: string): Transcript {
  const { NO_COLOR: _, PERSISTABLE_DATA_DIR: __, ...env } = process.env;
  const options = { cwd, encoding: "utf8", env: { ...env, SHELL: "/bin/bash", TERM: "xterm" } } as const;
  const { status, stdout, stderr } = spawnSync(file, args, options);
  return { exit: status ?? -1, out: stdout, err: stderr };
}

/** On a terminal both outputs are one, and the lines of a run are drawn again while it goes on. */
function expectOnTerminal({ command, shown }: Step, { exit, out }: Transcript): void {
  const lines = new Set(steady(stripVTControlCharacters(out).replaceAll("\r\n", "\n")).split("\n"));
  const expected = steady(shown.replace(/^\(exit \d+\)\n/m, "")).split("\n");
  expect([command, expected.filter((line) => !lines.has(line))]).toEqual([command, []]);
  expect([command, exit]).toEqual([command, Number(/^\(exit (\d+)\)$/m.exec(shown)?.[1] ?? 0)]);
}
