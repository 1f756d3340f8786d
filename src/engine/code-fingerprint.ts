import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { LIBRARY_VERSION } from "../util/library-version.ts";

const CODE = /\.([cm]?[jt]sx?)$/;
const LOCK_FILES = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"];
/** Folders whose code is not that of the package itself. */
const LEFT_OUT = new Set(["node_modules", "coverage"]);

/**
 * Returns a digest of the code of a pipeline: the modules of its package, the lock file of its
 * dependencies and the version of this library. Runs and workers with different digests never
 * share a queue.
 *
 * @param file - a module of the pipeline
 */
export function fingerprintOfCode(file: string): string {
  const root = findUpward(dirname(file), ["package.json"]) ?? dirname(file);
  const hash = createHash("sha256").update(`persistable-ts ${LIBRARY_VERSION}\n`);
  const lockFolder = findUpward(root, LOCK_FILES);
  const locks = lockFolder === undefined ? [] : LOCK_FILES.map((name) => join(lockFolder, name)).filter(existsSync);
  for (const path of [...modulesIn(root), ...locks]) {
    const content = createHash("sha256").update(readFileSync(path)).digest("hex");
    hash.update(`${relative(root, path).replaceAll(sep, "/")} ${content}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

function modulesIn(folder: string): readonly string[] {
  const found: string[] = [];
  const folders = [folder];
  // The loop also visits the folders that it adds to the list.
  for (const open of folders) {
    for (const entry of readdirSync(open, { withFileTypes: true })) {
      const path = join(open, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !LEFT_OUT.has(entry.name)) folders.push(path);
      } else if (entry.isFile() && CODE.test(entry.name)) found.push(path);
    }
  }
  return found.sort();
}

/** Returns the nearest folder, from this one upward, that has one of these files. */
function findUpward(from: string, names: readonly string[]): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (names.some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}
