import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { fieldsOf } from "../../util/fields-of.ts";
import { ownFolder } from "../../util/peers/own-folder.ts";
import { CommandError, ExitCode } from "../core/command-error.ts";
import type { Session } from "../core/session.ts";
import { resolveFrom } from "./load-module.ts";

/**
 * Runs the command with the copy of the library that the user's module imports, if that is another
 * copy: a copy does not know the definitions of another one.
 *
 * @returns the exit code; `undefined` if the module imports this copy, or finds no copy
 */
export async function handOver(file: string, { argv, streams }: Session): Promise<number | undefined> {
  const manifest = resolveFrom(file, "persistable-ts/package.json");
  if (manifest === undefined) return undefined;
  const folder = realpathSync(dirname(manifest));
  if (folder === realpathSync(ownFolder())) return undefined;
  const { runCommand } = fieldsOf(await importCommand(folder));
  if (typeof runCommand !== "function") throw tooOld(folder);
  return Number(await runCommand(argv, streams));
}

async function importCommand(folder: string): Promise<unknown> {
  const path = join(folder, "dist/entry/bin/command.js");
  if (!existsSync(path)) throw tooOld(folder);
  return import(/* @vite-ignore */ pathToFileURL(path).href);
}

function tooOld(folder: string): CommandError {
  const { version } = fieldsOf(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  return new CommandError(`The module uses persistable-ts ${String(version)} in ${folder}, which has no command.`, {
    exit: ExitCode.failed,
    hint: "Update persistable-ts there: npm install persistable-ts@latest.",
  });
}
