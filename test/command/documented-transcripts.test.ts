import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { persistable } from "./run-in-process.ts";

const page = readFileSync(new URL("../../docs/command-line.md", import.meta.url), "utf8");

interface Step {
  readonly command: string;
  readonly shown: string;
}

/** The commands of the page with what it shows below each. */
const steps = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]): Step[] =>
  block
    .split(/^\$ persistable /m)
    .slice(1)
    .map((text) => {
      const end = text.indexOf("\n");
      return { command: text.slice(0, end), shown: text.slice(end + 1) };
    }),
);

/** Leaves out what differs each time. Node 20 cannot load TypeScript, hence the .mjs. */
function steady(text: string): string {
  return text
    .replaceAll("pipeline.mjs", "pipeline.ts")
    .replace(/file:\S+\/(?=persistable-data)/g, "file:///…/")
    .replace(/[0-9a-f]{8} is made from it/g, "ADDRESS is made from it")
    .replace(/\d+ seconds? old/g, "AGE old")
    .replace(/\d\.\d kB/g, "SIZE")
    .replace(/just now|\d+ seconds? ago/g, "just now")
    .replace(/\d+(\.\d+)? m?s\b/g, "0 ms");
}

test("the transcripts of the page show what the command prints", async () => {
  expect(steps.length).toBeGreaterThan(5);
  await using folder = await temporaryFolder();
  const before = process.cwd();
  process.chdir(folder.path);
  try {
    for (const { command, shown } of steps) {
      const words = command.replaceAll("pipeline.ts", "pipeline.mjs").replace(/^init$/, "init pipeline.mjs");
      const { exit, out, err } = await persistable(words.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1")));
      const told = out === "" || exit !== 0 ? `${out}${err}` : out;
      expect([command, steady(exit === 0 ? told : `${told}(exit ${exit})\n`)]).toEqual([command, steady(shown)]);
    }
  } finally {
    process.chdir(before);
  }
});
