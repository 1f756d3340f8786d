import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { askForEverything, type HitsInput } from "../support/hits-child.ts";
import { buildChild, startChild } from "../support/run-child.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

const RECORD_WARNING = /The record of this run cannot be written/g;

/** Asks in a process of its own, and returns its report and the number of its warnings. */
async function askElsewhere(input: HitsInput) {
  await using child = startChild(await buildChild("test/support/hits-child.ts"), input);
  await child.ended;
  return { report: child.told[0], warnings: child.complaints.match(RECORD_WARNING)?.length ?? 0 };
}

function eachFolder(folder: string, work: (folder: string) => void): void {
  work(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) eachFolder(path.join(folder, entry.name), work);
}

describe.skipIf(process.platform === "win32")("everything that is there", () => {
  it("is had by a user who may not write the folder, with one warning that no record of the run is kept", async () => {
    await using folder = await temporaryFolder();
    await askForEverything(folder.path);
    const expected = await askForEverything(folder.path);
    expect(expected).toMatchObject({ run: 3, payload: 2, load: [1, 2, 3], collect: 2, map: [3, 5], missing: [] });
    const before = readdirSync(folder.path, { recursive: true }).sort();
    eachFolder(folder.path, (each) => chmodSync(each, 0o555));
    const asked = await askElsewhere({ dataDir: folder.path, ...(isRoot ? { uid: NOBODY } : {}) });
    eachFolder(folder.path, (each) => chmodSync(each, 0o755));
    expect(asked).toEqual({ report: expected, warnings: 1 });
    expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual(before);
  });

  it("is had from a disk that is mounted read-only", async (context) => {
    await using folder = await temporaryFolder();
    const expected = await askForEverything(folder.path).then(() => askForEverything(folder.path));
    try {
      execFileSync("mount", ["--bind", folder.path, folder.path], { stdio: "pipe" });
    } catch {
      return context.skip("no disk can be mounted here");
    }
    try {
      execFileSync("mount", ["-o", "remount,ro,bind", folder.path], { stdio: "pipe" });
      expect(await askElsewhere({ dataDir: folder.path })).toEqual({ report: expected, warnings: 1 });
    } finally {
      execFileSync("umount", ["-l", folder.path]);
    }
  });

  it("is had where something else is in the place of the records of runs", async () => {
    await using folder = await temporaryFolder();
    const expected = await askForEverything(folder.path).then(() => askForEverything(folder.path));
    execFileSync("rm", ["-r", folder.join(".persistable", "runs")]);
    writeFileSync(folder.join(".persistable", "runs"), "");
    expect(await askElsewhere({ dataDir: folder.path })).toEqual({ report: expected, warnings: 1 });
  });
});
