// @ts-check
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { root } from "./bundle.mjs";

const testFolder = join(root, "test");
const entryFolder = join(root, "src/entry");
const entryPoints = readdirSync(entryFolder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(entryFolder, name));

/**
 * The tests that reach the source through its entry points only, themselves and their supporting
 * files, and so can run against the built package too. (Reaching inside would load a second copy of
 * each class.)
 *
 * @returns {string[]} paths below the root
 */
export function findFrontDoorTests() {
  const names = readdirSync(testFolder, { recursive: true, encoding: "utf8" });
  const tests = names.filter((name) => name.endsWith(".test.ts")).map((name) => join(testFolder, name));
  return tests.filter(usesFrontDoor).map((file) => relative(root, file).replaceAll("\\", "/"));
}

/** @param {string} test */
function usesFrontDoor(test) {
  const reached = [test];
  let usesPackage = false;
  for (const file of reached) {
    for (const target of importsOf(file)) {
      if (entryPoints.includes(target)) usesPackage = true;
      else if (target.startsWith(join(root, "src/"))) return false;
      else if (!reached.includes(target)) reached.push(target);
    }
  }
  return usesPackage;
}

/**
 * The files of this repository that a file imports; type-only imports leave nothing behind and do
 * not count.
 *
 * @param {string} file
 */
function importsOf(file) {
  const text = readFileSync(file, "utf8").replaceAll(/^import type [^;]*;/gm, "");
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName }) => {
    if (fileName === "persistable-ts") return [join(entryFolder, "index.ts")];
    if (fileName.startsWith("persistable-ts/")) {
      return [join(entryFolder, `${fileName.slice("persistable-ts/".length)}.ts`)];
    }
    return fileName.startsWith(".") ? [resolve(dirname(file), fileName)] : [];
  });
}
