import { readdir, stat } from "node:fs/promises";
import nodePath from "node:path";
import { DefinitionError } from "../errors/persistable-errors.ts";

/** Lists the files of a folder that a pattern includes, as sorted paths with forward slashes. */
export async function listFolder(folder: string, include: readonly string[]): Promise<string[]> {
  const patterns = include.map(toPattern);
  const files: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = nodePath.join(entry.parentPath, entry.name);
    const path = nodePath.relative(folder, full).split(nodePath.sep).join("/");
    if (entry.isDirectory() || !patterns.some((pattern) => pattern.test(path))) continue;
    if (entry.isSymbolicLink() && (await stat(full)).isDirectory())
      throw new DefinitionError(`${full} is a link to a folder. Give that folder as a parameter of its own.`);
    files.push(path);
  }
  return files.sort();
}

/** Translates a pattern: `*` and `?` stand for characters within one name, `**` for any folders. */
function toPattern(glob: string): RegExp {
  const parts = glob.split(/(\*\*\/|\*\*|\*|\?)/);
  const source = parts.map((part) => WILDCARDS[part] ?? part.replace(/[.+^${}()|[\]\\]/g, "\\$&")).join("");
  return new RegExp(`^${source}$`, "s");
}

const WILDCARDS: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
