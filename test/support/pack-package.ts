import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed package, and the one package that it depends on. */
    readonly tarballs: readonly string[];
  }
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Builds and packs once for all tests of the packed package. */
export function setup(project: TestProject): () => void {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "persistable-packed-")));
  project.provide("tarballs", [
    packPackage(workspace),
    pack(join(root, "node_modules/@standard-schema/spec"), workspace),
  ]);
  return () => rmSync(workspace, { recursive: true, force: true });
}

/**
 * Built and packed in a copy, so that the tests leave the checkout alone, and the programs that use
 * its dist/.
 */
function packPackage(workspace: string): string {
  const checkout = join(workspace, "checkout");
  const leftOut = new Set(["node_modules", ".git", "dist", "coverage", "reports", ".stryker-tmp", ".servers"]);
  cpSync(root, checkout, { recursive: true, filter: (path) => !leftOut.has(basename(path)) });
  runCommand(process.execPath, ["scripts/build.mjs", "--out-dir", join(checkout, "dist")], root);
  const page = ["build", "explorer-ui", "--outDir", join(checkout, "dist/explorer")];
  runCommand(process.execPath, [join(root, "node_modules/vite/bin/vite.js"), ...page], root);
  return pack(checkout, workspace);
}

export function pack(folder: string, destination: string): string {
  const name = runCommand("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination], folder);
  return join(destination, name.trim());
}

/** Makes the folder a project that has installed the packages, without a network. */
export function installTarballs(folder: string, tarballs: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  runCommand("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", ...tarballs], folder);
}

/** Runs the command, and gives what it has printed. */
export function runCommand(command: string, args: readonly string[], cwd: string): string {
  // An outer npm hands its own settings down in npm_* variables; this one belongs to another
  // project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  const result = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    shell: process.platform === "win32" && command !== process.execPath,
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}
