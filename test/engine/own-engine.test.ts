import { execFile } from "node:child_process";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, test } from "vitest";
import { memoryEngine } from "../../examples/own-engine/memory-engine.ts";
import { engineConformance } from "../../src/entry/testing.ts";
import { installPackage } from "../support/install-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

engineConformance(
  { describe, it },
  { name: "an engine in memory", open: async () => ({ engine: memoryEngine(), close: async () => {} }) },
);

test("a program is a worker of an engine of its own", async () => {
  await using folder = await temporaryFolder();
  await installPackage(folder.path);
  cpSync(path.resolve("examples/own-engine"), folder.path, { recursive: true });
  writeFileSync(folder.join("package.json"), '{ "type": "module" }');
  symlinkSync(path.resolve("node_modules/tsx"), folder.join("node_modules/tsx"));
  const options = { cwd: folder.path, env: { ...process.env, NODE_OPTIONS: "" } };
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "main.ts"], options);
  expect(stdout).toBe("4 generated: 14,28,42\nThe worker has ended: drained\n");
});
