import { expect, test } from "vitest";
import { commandNames } from "../../src/command/tree/command-tree.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { parseLines, persistable, studyModule } from "./run-in-process.ts";
import { pages, stepsOf } from "./transcripts.ts";

/** Arguments that each command refuses with exit code 2. */
const refused: Readonly<Record<string, readonly string[]>> = {
  accept: [studyModule, "nothing@latest"],
  cat: ["nothing@latest"],
  collect: [studyModule, "nothing"],
  completion: ["fisch"],
  copy: ["one"],
  diff: ["nothing@latest"],
  doctor: ["--jsno"],
  explore: ["--no-open", "--port", "many"],
  export: [],
  gc: ["--older-than", "soon"],
  graph: ["nothing@latest"],
  help: ["nothing"],
  import: ["missing.tar"],
  init: [studyModule],
  ls: ["n>"],
  pin: ["nothing@latest"],
  plan: [studyModule, "nothing"],
  rename: ["one", "one"],
  rm: ["nothing@latest"],
  run: [studyModule, "nothing"],
  runs: ["1999"],
  show: ["nothing@latest"],
  tag: ["nothing@latest", "paper"],
  unpin: ["nothing@latest"],
  untag: ["nothing@latest"],
  verify: ["--sample", "0"],
  why: [studyModule, "nothing"],
  worker: ["--on", "nowhere"],
};

/** Colors, and nothing else that a terminal would act on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const OTHER_CONTROL = /(?!\u001b\[[\d;]*m|\n)[\u0000-\u001f\u007f-\u009f]/;

test("there is bad input for every command, and a documented transcript", () => {
  expect(Object.keys(refused).sort()).toEqual([...commandNames].sort());
  const shown = new Set(pages.flatMap(stepsOf).map(({ command }) => command.split(" ")[0]));
  // Those of other-transcripts.test.ts, which have no fixed output on a page.
  const others = ["explore", "help", "worker"];
  expect(commandNames.filter((name) => !shown.has(name)).sort()).toEqual(others);
});

test.each(Object.entries(refused))(
  "%s refuses bad input alike in a pipe, on a terminal and as JSON",
  async (name, args) => {
    await using folder = await temporaryFolder();
    const run = (isTTY: boolean, ...more: string[]): ReturnType<typeof persistable> =>
      persistable([name, ...args, "--data-dir", folder.path, ...more], { isTTY });
    const piped = await run(false);
    expect(piped).toMatchObject({ exit: 2, out: "", err: expect.stringMatching(/^persistable: .*[.?]\n/) });
    expect(piped.err).not.toContain("\u001b");
    expect(piped.err).not.toMatch(/^ {4}at /m);
    const terminal = await run(true);
    expect(terminal).toMatchObject({ exit: 2, out: "", err: expect.not.stringMatching(OTHER_CONTROL) });
    const json = await run(false, "--json");
    expect(json).toMatchObject({ exit: 2, out: "" });
    expect(parseLines(json.err)).toMatchObject([{ kind: "error", exit: 2 }]);
  },
);
