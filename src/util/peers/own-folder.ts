import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package that this file is part of: the one with the package.json. */
export function ownFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) throw new Error("The package.json of persistable-ts is missing. Install the package again.");
    folder = above;
  }
  return folder;
}

/**
 * The script of the command of this package.
 *
 * @param source - the script if the package is not built, such as that of its source
 * @throws Error if this package was bundled with the program
 */
export function ownCommand(source?: string): string {
  const script = join(ownFolder(), "dist/entry/bin/persistable.js");
  if (existsSync(script)) return script;
  if (source !== undefined) return source;
  throw new Error(`The command of persistable-ts is not at ${script}. Leave this package out of the bundle.`);
}
