import { symlinkSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { buildProgram } from "../support/build-program.ts";
import { leaksIn } from "../support/canary-ways.ts";
import { startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a secret is in nothing that is written, told or composed of a generator on a worker thread", async () => {
  await using folder = await temporaryFolder();
  symlinkSync(path.resolve("node_modules"), folder.join("node_modules"), "junction");
  const program = await buildProgram(folder.path, [
    "test/persistable/canary-child.ts",
    "test/support/canary-channels.ts",
    "test/support/canary-definitions.ts",
    "test/support/canary-ways.ts",
  ]);
  await using child = startChild(program, { dataDir: folder.join("data") });
  expect({ code: await child.ended, leaks: leaksIn(child.complaints) }).toEqual({ code: 0, leaks: [] });
  const { leaks, masked } = child.told[0] as { leaks: string[]; masked: string[] };
  expect(leaks).toEqual([]);
  expect(masked).toEqual(
    expect.arrayContaining([
      "events",
      "files *.jsonl",
      "files *.log",
      "files *.pack",
      "logger",
      "the failure record",
      "what run throws",
    ]),
  );
});
