import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { installTarballs, pack, runCommand } from "../support/pack-package.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("npm create makes a project whose scripts plan, run and find a study again", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(folder.join("package.json"), '{ "private": true }\n');
  installTarballs(folder.path, [...inject("tarballs"), pack(join(root, "create"), folder.path)]);
  const create = (...args: string[]) =>
    spawnSync(folder.join("node_modules/.bin/create-persistable-ts"), args, { cwd: folder.path, encoding: "utf8" });
  expect(create().stderr).toMatch(/Say into which folder: npm create persistable-ts FOLDER/);
  expect(create("a", "--nonsense").stderr).toMatch(/'--nonsense'.*\nUsage: npm create/);

  const { status, stdout } = create("My study", "--no-install");
  const project = folder.join("My study");
  expect([status, stdout]).toEqual([0, expect.stringContaining("npm run study")]);
  const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect([manifest.name, manifest.dependencies]).toEqual(["my-study", { "persistable-ts": `^${version}` }]);
  const again = create("My study", "--no-install");
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("is a project already")]);

  // Stands for npm install, which needs a network.
  mkdirSync(join(project, "node_modules"));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    const own = folder.join("node_modules", name);
    symlinkSync(
      existsSync(own) ? own : join(root, "node_modules", name),
      join(project, "node_modules", name),
      "junction",
    );
  }
  const script = (name: string, ...args: string[]) => {
    const command = [folder.join("node_modules/.bin/persistable"), manifest.scripts[name].replace("persistable ", "")];
    return runCommand(process.execPath, [...command.join(" ").split(" "), ...args], project);
  };
  expect(script("plan")).toMatch(/4 artifacts are needed: 0 there, 4 to generate/);
  expect(script("study").match(/^report\/[0-9a-f]{64}$/gm)).toHaveLength(3);
  expect(script("plan")).toMatch(/all there/);
});
