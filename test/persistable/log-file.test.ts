import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { definePersistable } from "../../src/entry/index.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const plain = definePersistable({ name: "plain", generate: () => 1 });

/**
 * Generates a payload while something else has the path of the log file, and returns the warnings
 * of the process.
 */
async function generateBeside(folder: TemporaryFolder, plant: (log: string) => void): Promise<string[]> {
  const warnings: string[] = [];
  const spy = vi.spyOn(process, "emitWarning").mockImplementation((warning) => void warnings.push(String(warning)));
  onTestFinished(() => spy.mockRestore());
  mkdirSync(folder.join("data"));
  plant(folder.join("data", "plain.log"));
  const built = plain({}, { dataDir: folder.join("data") });
  expect(await built.loadOrGenerate()).toBe(1);
  await built.generate();
  return warnings;
}

describe.skipIf(process.platform === "win32")("a log file", () => {
  it("is not followed where it is a symbolic link, to a file or to nothing", async () => {
    for (const there of [true, false]) {
      await using folder = await temporaryFolder();
      const outside = folder.join("bashrc");
      if (there) writeFileSync(outside, "alias ll");
      const warnings = await generateBeside(folder, (log) => symlinkSync(outside, log));
      expect(existsSync(outside) ? readFileSync(outside, "utf8") : undefined).toBe(there ? "alias ll" : undefined);
      expect(warnings).toEqual([expect.stringMatching(/plain\.log cannot be written \(there is a symbolic link/)]);
    }
  });

  it("is not waited for where it is a pipe, or anything else that is not a file", async () => {
    await using folder = await temporaryFolder();
    const warnings = await generateBeside(folder, (log) => execFileSync("mkfifo", [log]));
    expect(warnings).toEqual([expect.stringMatching(/plain\.log cannot be written .*pipe/)]);
    await using other = await temporaryFolder();
    expect(await generateBeside(other, (log) => mkdirSync(log))).toHaveLength(1);
  });

  it("is not written where it is a pipe that somebody reads", async () => {
    await using folder = await temporaryFolder();
    const warnings = await generateBeside(folder, (log) => {
      execFileSync("mkfifo", [log]);
      execFileSync("sh", ["-c", 'exec 3<>"$0"; sleep 0.5 <&3 >/dev/null 2>&1 &', log]);
    });
    expect(warnings).toHaveLength(1);
  });

  it("is appended to, and made with its folder", async () => {
    await using folder = await temporaryFolder();
    const warnings = await generateBeside(folder, (log) => writeFileSync(log, "before\n"));
    expect(warnings).toEqual([]);
    expect(readFileSync(folder.join("data", "plain.log"), "utf8")).toMatch(/^before\n.*Generated/is);
    await plain({}, { dataDir: folder.join("new", "data") }).payload;
    expect(existsSync(folder.join("new", "data", "plain.log"))).toBe(true);
  });

  it("is not written where the definition, the options, a dependent or the environment say so", async () => {
    await using folder = await temporaryFolder();
    const dataDir = folder.join("data");
    const upstream = definePersistable({ name: "upstream", generate: () => 1 });
    const silent = definePersistable({ name: "silent", log: false, generate: () => 1 });
    const dependent = definePersistable({
      name: "dependent",
      dependencies: { upstream },
      generate: ({ dependencies }) => dependencies.upstream.payload,
    });
    await silent({}, { dataDir }).payload;
    await dependent({}, { dataDir, log: false }).payload;
    vi.stubEnv("PERSISTABLE_LOG", "off");
    onTestFinished(() => void vi.unstubAllEnvs());
    await plain({}, { dataDir, draw: 1, log: { maxBytes: 1000 } }).payload;
    expect(readdirSync(dataDir).filter((name) => name.includes(".log"))).toEqual([]);
    vi.unstubAllEnvs();
    await silent({}, { dataDir, draw: 1, log: { maxBytes: 10_000 } }).payload;
    expect(readdirSync(dataDir).filter((name) => name.includes(".log"))).toEqual(["silent.log"]);
  });

  it("is set aside before it grows beyond its limit, which also bounds what is kept", async () => {
    await using folder = await temporaryFolder();
    const maxBytes = 1500;
    const sizes: number[] = [];
    for (let draw = 0; draw < 12; draw++) {
      await plain({}, { dataDir: folder.path, draw, log: { maxBytes } }).payload;
      sizes.push(statSync(folder.join("plain.log")).size);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(maxBytes);
    expect(statSync(folder.join("plain.log.1")).size).toBeLessThanOrEqual(maxBytes);
    expect(readdirSync(folder.path).filter((name) => name.includes(".log"))).toEqual(["plain.log", "plain.log.1"]);
    const kept = ["plain.log.1", "plain.log"].map((name) => readFileSync(folder.join(name), "utf8")).join("");
    expect(kept).toMatch(/Successfully persisted payload/);
    expect(() => plain({}, { log: { maxBytes: 0 } })).toThrow(/The log of plain is neither false nor/);
  });
});
