import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { persistable } from "./run-in-process.ts";
import { pages, steady, stepsOf, told } from "./transcripts.ts";

/** Colours, and nothing else that a terminal would act on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OTHER_CONTROL = /(?!\u001b\[[\d;]*m|\n)[\u0000-\u001f\u007f-\u009f]/;

describe.each(pages)("the transcripts of docs/%s", (page) => {
  const steps = stepsOf(page);

  test.each([
    ["in a pipe", false],
    ["on a terminal", true],
  ])("show what the command prints %s", async (_, isTTY) => {
    expect(steps.length).toBeGreaterThan(5);
    await using folder = await temporaryFolder();
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      for (const { command, shown } of steps) {
        // Node 20 cannot load TypeScript in this process, hence the .mjs.
        const words = command.replaceAll("pipeline.ts", "pipeline.mjs").replace(/^init$/, "init pipeline.mjs");
        const argv = words.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
        const { exit, out, err } = await persistable(argv, { isTTY });
        expect([command, out, err].filter((text) => OTHER_CONTROL.test(text))).toEqual([]);
        if (!isTTY) expect(`${out}${err}`).not.toContain("\u001b");
        const text = told({ exit, out: stripVTControlCharacters(out), err: stripVTControlCharacters(err) });
        expect([command, steady(text.replaceAll("pipeline.mjs", "pipeline.ts"))]).toEqual([command, steady(shown)]);
      }
    } finally {
      process.chdir(before);
    }
  });
});
