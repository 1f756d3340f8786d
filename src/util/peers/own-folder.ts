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
 * @throws Error if this package was bundled with the program
 */
export function ownCommand(): string {
  const script = join(ownFolder(), "dist/entry/bin/persistable.js");
  if (existsSync(script)) return script;
  throw new Error(`The command of persistable-ts is not at ${script}. Leave this package out of the bundle.`);
}
